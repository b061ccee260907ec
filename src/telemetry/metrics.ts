import type { AccessLogRow } from "#store/access-log.ts";

/** What happened since the process started, and what is the case now. */
interface MetricsSnapshot {
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Requests that have begun and not ended. */
  readonly active: number;
  /** Ended requests by HTTP status. */
  readonly requests: Readonly<Record<string, number>>;
  /** Answered requests by how their child was had; `warm` over the sum is the pool's hit rate. */
  readonly starts: { readonly live: number; readonly warm: number; readonly cold: number };
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
  readonly gauges: Readonly<Record<string, number>>;
}

export interface Metrics {
  requestStarted(): void;
  requestEnded(row: AccessLogRow): void;
  /** A value read when a snapshot is taken, e.g. `queue_depth`. */
  gauge(name: string, read: () => number): void;
  snapshot(): MetricsSnapshot;
}

export function createMetrics(): Metrics {
  const startedAt = Date.now();
  const requests: Record<string, number> = {};
  const starts = { live: 0, warm: 0, cold: 0 };
  const totals = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
  const gauges = new Map<string, () => number>();
  let active = 0;
  return {
    requestStarted() {
      active += 1;
    },
    requestEnded(row) {
      active -= 1;
      requests[row.status] = (requests[row.status] ?? 0) + 1;
      if (row.start !== null) starts[row.start] += 1;
      totals.inputTokens += row.inputTokens ?? 0;
      totals.outputTokens += row.outputTokens ?? 0;
      totals.costUsd += row.costUsd ?? 0;
    },
    gauge(name, read) {
      gauges.set(name, read);
    },
    snapshot: () => ({
      startedAt,
      active,
      requests: { ...requests },
      starts: { ...starts },
      ...totals,
      gauges: Object.fromEntries(Array.from(gauges, ([name, read]) => [name, read()])),
    }),
  };
}
