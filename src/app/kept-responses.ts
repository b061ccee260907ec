/** Answers that are kept under their ids here, and who made those that providers keep. */
import type { Config } from "#config/schema.ts";
import type { ProviderResponses } from "#core/provider-response.ts";
import type { ResponseStore } from "#core/stored-response.ts";
import { type openDatabase, openInMemory } from "#store/database.ts";
import { createProviderResponses } from "#store/provider-responses.ts";
import { createResponseStore } from "#store/responses.ts";
import { startPruning } from "#telemetry/access-log-pruner.ts";
import type { Logger } from "#telemetry/logger.ts";

export interface KeptResponses {
  /** Undefined where nothing is to be kept. */
  readonly own: ResponseStore | undefined;
  readonly ofProviders: ProviderResponses;
  /** Before the database is closed. */
  close(): void;
}

const mebibyte = 1024 * 1024;
/** More than the row of an id takes. */
const bytesOfId = 1024;
/** Where nothing is written down. */
const mostInMemory = 10_000;

export function openKeptResponses(
  { responses }: Pick<Config, "responses">,
  database: ReturnType<typeof openDatabase>,
  logger: Pick<Logger, "warn" | "debug">,
): KeptResponses {
  const { keep_days: keepDays, max_mb: megabytes } = responses;
  if (keepDays === 0) {
    const memory = openInMemory();
    const ofProviders = createProviderResponses(memory, { most: mostInMemory });
    return { own: undefined, ofProviders, close: () => memory.close() };
  }
  const mostBytes = megabytes * mebibyte;
  const own = createResponseStore(database, {
    mostBytes,
    onUnreadable: () => logger.warn("What was kept of a response is not as it was written; it is forgotten."),
  });
  const ofProviders = createProviderResponses(database, { most: mostBytes / bytesOfId });
  const pruning = [
    startPruning({ what: "stored responses", prune: own.prune, logger, keepDays }),
    startPruning({ what: "ids of providers' responses", prune: ofProviders.prune, logger, keepDays }),
  ];
  return {
    own: {
      ...own,
      save: attempting(own.save, (error) =>
        logger.warn("A response could not be kept; a request that goes on from it will be refused.", { error }),
      ),
    },
    ofProviders: {
      ...ofProviders,
      save: attempting(ofProviders.save, (error) =>
        logger.warn("Who made a response could not be written down; it is found below its provider's own path alone.", {
          error,
        }),
      ),
      remove: attempting(ofProviders.remove, (error) =>
        logger.warn("That a response was deleted could not be written down; its provider is still asked for it.", {
          error,
        }),
      ),
    },
    close() {
      for (const stop of pruning) stop();
    },
  };
}

/** What it is about has happened already: an answer is there, and is paid for. */
function attempting<T extends unknown[]>(write: (...what: T) => void, onFault: (error: unknown) => void) {
  return (...what: T): void => {
    try {
      write(...what);
    } catch (error) {
      onFault(error);
    }
  };
}
