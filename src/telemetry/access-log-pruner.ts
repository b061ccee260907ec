import type { Logger } from "./logger.ts";

export interface PruningOptions {
  /** As a log line names them: `rows of the access log`. */
  readonly what: string;
  /** Deletes at most `limit` rows that are older, and says how many it deleted; may throw. */
  readonly prune: (receivedBefore: number, limit: number) => number;
  readonly logger: Pick<Logger, "warn" | "debug">;
  /** Rows older than this many days are deleted; 0 keeps them for ever. */
  readonly keepDays: number;
  /** A batch of 100 rows takes about 1 ms of the event loop. */
  readonly batchRows?: number;
  /** Between two batches, so that a large backlog does not hold up the streams. */
  readonly pauseMs?: number;
  readonly everyMs?: number;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Forgets old requests, soon after the start and then once a day. Returns what ends it. */
export function startPruning({ what, prune, logger, keepDays, ...options }: PruningOptions): () => void {
  const { batchRows = 100, pauseMs = 100, everyMs = dayMs } = options;
  let timer: Timer | undefined;
  let deletedRows = 0;
  const schedule = (delayMs: number): void => {
    timer = setTimeout(work, delayMs).unref();
  };
  const deleteBatch = (): boolean => {
    try {
      const deleted = prune(Date.now() - keepDays * dayMs, batchRows);
      deletedRows += deleted;
      return deleted === batchRows;
    } catch (error) {
      logger.warn(`Old ${what} could not be deleted; the next try is in a day.`, { error });
      return false;
    }
  };
  const work = (): void => {
    if (deleteBatch()) {
      schedule(pauseMs);
      return;
    }
    if (deletedRows > 0) logger.debug(`Old ${what} were deleted.`, { data: { deletedRows } });
    deletedRows = 0;
    schedule(everyMs);
  };
  if (keepDays > 0) schedule(pauseMs);
  return () => clearTimeout(timer);
}
