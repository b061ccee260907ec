import { type ErrorKind, GatewayError } from "#core/errors.ts";
import { remembering } from "#lib/remembering.ts";

import type { AccessLogWriter } from "./access-log-writer.ts";
import type { Logger } from "./logger.ts";
import type { PriceList } from "./prices/price-list.ts";
import { cleanText, createRequestRecord, type RequestInitial, type RequestRecord } from "./request-record.ts";

export interface RequestRecorderDeps {
  readonly writer: AccessLogWriter;
  readonly logger: Logger;
  /** A request that runs longer than this has its row written while it runs, so that a crash cannot hide it. */
  readonly showAfterMs?: number;
  readonly priceOf?: PriceList["cost"];
}

/** Begins the record of every request, and sees to it that each leaves one row and one line. */
export interface RequestRecorder {
  begin(initial: RequestInitial): RequestRecord;
  /** Ends what is still open and writes everything. For the very end, when nothing answers any more. */
  stop(): void;
}

const mostTexts = 500;
/** Between two looks, however many requests there are. */
const shortestWaitMs = 20;

export function createRequestRecorder(deps: RequestRecorderDeps): RequestRecorder {
  const { writer, logger, showAfterMs = 250, priceOf } = deps;
  const open = new Set<RequestRecord>();
  // Paths, programs and models are few, and looking for secrets in them is dear.
  const clean = remembering(cleanText, mostTexts);

  /** One clock for all: a timer for each would be set for every request, and hardly ever be needed. */
  const notShown = new Map<RequestRecord, number>();
  let showing: Timer | undefined;

  function showLater(): void {
    const [oldest] = notShown.values();
    if (oldest === undefined || showing !== undefined) return;
    const waitMs = oldest + showAfterMs - performance.now();
    showing = setTimeout(showOld, Math.max(shortestWaitMs, waitMs)).unref();
  }

  function showOld(): void {
    showing = undefined;
    for (const [record, begunAt] of notShown) {
      if (performance.now() - begunAt < showAfterMs) break;
      notShown.delete(record);
      writer.add(record.row());
    }
    showLater();
  }

  function begin(initial: RequestInitial): RequestRecord {
    const record = createRequestRecord(initial, {
      clean,
      ...(priceOf !== undefined && { priceOf }),
      onEnd(row, { error }) {
        notShown.delete(record);
        open.delete(record);
        writer.add(row);
        logger.access(row, error);
        if (error !== undefined && needsItsCause(error))
          logger.error(error.message, { requestId: record.requestId, error });
      },
    });
    open.add(record);
    notShown.set(record, performance.now());
    showLater();
    return record;
  }

  return {
    begin,
    stop() {
      clearTimeout(showing);
      const error = new GatewayError("unavailable", "ccproxy stopped before this request ended.");
      for (const record of open) record.end({ status: 503, error });
      writer.flush();
    },
  };
}

const askedWhy: ReadonlySet<ErrorKind> = new Set(["authentication", "unavailable", "upstream"]);

/** The access line says what failed; where something of ours, of the CLI or of a credential broke, somebody will ask why. */
function needsItsCause({ kind, cause }: GatewayError): boolean {
  return kind === "internal" || (askedWhy.has(kind) && cause !== undefined);
}
