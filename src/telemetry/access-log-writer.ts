import type { AccessLogRow } from "#store/access-log.ts";

import type { Logger } from "./logger.ts";

export interface AccessLogWriterOptions {
  /** All or none; may throw. Takes a row again without doubling it, since what failed is tried again. */
  readonly insertMany: (rows: readonly AccessLogRow[]) => void;
  /** Asked for after so many rows, which then wait until it is done: so the database's own log can begin anew. */
  readonly checkpoint?: () => Promise<void>;
  readonly logger: Pick<Logger, "warn" | "info">;
  readonly intervalMs?: number;
  /** The longest pause between two tries while the database refuses. */
  readonly maxBackoffMs?: number;
  readonly maxBatchRows?: number;
  /** Rows held while the database refuses them; what comes on top is dropped and counted. */
  readonly maxQueuedRows?: number;
}

/** Writes rows behind the requests they are about: adding one costs next to nothing and never throws. */
export interface AccessLogWriter {
  add(row: AccessLogRow): void;
  /** Writes all that waits, now; while the database refuses, tries again for `deadlineMs` (default 2000). */
  flush(deadlineMs?: number): void;
  readonly queuedRows: number;
  /** Rows dropped since the start: the queue was full, or the database would not have them. */
  readonly lostRows: number;
}

/** A batch of 25 rows takes half a millisecond of the event loop. */
const defaults = {
  intervalMs: 250,
  maxBackoffMs: 2000,
  maxBatchRows: 25,
  maxQueuedRows: 20_000,
  checkpoint: () => Promise.resolve(),
};
const rowsToCheckpoint = 500;
/** How often a row that is refused on its own is tried again, behind the others: for half a minute or more. */
const maxAttemptsAlone = 15;
const flushPauseMs = 20;

export function createAccessLogWriter(options: AccessLogWriterOptions): AccessLogWriter {
  return new WriteBehind(options);
}

class WriteBehind implements AccessLogWriter {
  readonly #options: Required<AccessLogWriterOptions>;
  readonly #queue: AccessLogRow[] = [];
  #timer: Timer | undefined;
  #lost = 0;
  #nextLossReport = 1;
  #failures = 0;
  /** Since the last checkpoint; undefined while there is one. */
  #rowsWritten: number | undefined = 0;
  readonly #attemptsAlone = new WeakMap<AccessLogRow, number>();
  /** Halved by each failure, so that a row which spoils its batch is soon alone. */
  #batchRows: number;

  constructor(options: AccessLogWriterOptions) {
    this.#options = { ...defaults, ...options };
    this.#batchRows = this.#options.maxBatchRows;
  }

  get queuedRows(): number {
    return this.#queue.length;
  }

  get lostRows(): number {
    return this.#lost;
  }

  add(row: AccessLogRow): void {
    if (this.#queue.length >= this.#options.maxQueuedRows) {
      this.#lose();
      return;
    }
    this.#queue.push(row);
    this.#schedule(this.#options.intervalMs);
  }

  flush(deadlineMs = 2000): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const deadline = performance.now() + deadlineMs;
    while (this.#queue.length > 0) {
      if (this.#writeBatch(true)) continue;
      if (performance.now() >= deadline) break;
      Bun.sleepSync(flushPauseMs);
    }
    if (this.#queue.length === 0) return;
    const unwrittenRows = this.#queue.length;
    this.#options.logger.warn("The access log could not be written to its end.", { data: { unwrittenRows } });
    this.#schedule(this.#options.maxBackoffMs);
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#rowsWritten === undefined) return;
    this.#timer = setTimeout(() => this.#writeAndGoOn(), delayMs);
    this.#timer.unref();
  }

  /** One batch a turn of the event loop, so that a backlog does not stop the streams. */
  #writeAndGoOn(): void {
    this.#timer = undefined;
    const written = this.#writeBatch();
    if (this.#queue.length === 0) return;
    const { intervalMs, maxBackoffMs } = this.#options;
    this.#schedule(written ? 0 : Math.min(maxBackoffMs, intervalMs * 2 ** Math.min(this.#failures, 10)));
  }

  #writeBatch(final = false): boolean {
    const batch = this.#queue.slice(0, this.#batchRows);
    try {
      this.#options.insertMany(batch);
    } catch (error) {
      this.#failed(batch, error, final);
      return false;
    }
    this.#queue.splice(0, batch.length);
    this.#succeeded();
    this.#checkpointAfter(batch.length);
    return true;
  }

  #checkpointAfter(rows: number): void {
    if (this.#rowsWritten === undefined) return;
    this.#rowsWritten += rows;
    if (this.#rowsWritten < rowsToCheckpoint) return;
    this.#rowsWritten = undefined;
    const goOn = () => {
      this.#rowsWritten = 0;
      if (this.#queue.length > 0) this.#schedule(0);
    };
    this.#options
      .checkpoint()
      .catch((error: unknown) =>
        this.#options.logger.warn("The database could not take in what was written.", { error }),
      )
      .then(goOn, goOn);
  }

  #failed(batch: readonly AccessLogRow[], error: unknown, final: boolean): void {
    this.#failures += 1;
    if (this.#failures === 1) this.#options.logger.warn("The access log cannot be written; its rows wait.", { error });
    this.#batchRows = Math.max(1, batch.length >> 1);
    const [row, ...others] = batch;
    if (row === undefined || others.length > 0) return;
    this.#queue.shift();
    const attempts = (this.#attemptsAlone.get(row) ?? 0) + 1;
    this.#attemptsAlone.set(row, attempts);
    if (attempts < maxAttemptsAlone || final) this.#queue.push(row);
    else this.#lose();
  }

  #succeeded(): void {
    if (this.#failures > 0)
      this.#options.logger.info("The access log is written again.", { data: { lostRows: this.#lost } });
    this.#failures = 0;
    this.#batchRows = Math.min(this.#options.maxBatchRows, this.#batchRows * 2);
  }

  /** Said at the first row lost and at each power of ten. */
  #lose(): void {
    this.#lost += 1;
    if (this.#lost < this.#nextLossReport) return;
    this.#nextLossReport *= 10;
    this.#options.logger.warn("Rows of the access log were lost.", { data: { lostRows: this.#lost } });
  }
}
