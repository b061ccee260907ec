import type { Mode, RunFacts } from "#core/backend.ts";
import type { ErrorKind } from "#core/errors.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import type { WireFormatId } from "#core/request.ts";

/** One request as the access log keeps it. Times are unix milliseconds, `…Ms` are durations, null is "not known". */
export interface AccessLogRow {
  /** As the client sent it, or ours; not unique: a client may send one twice. */
  readonly requestId: string;
  readonly receivedAt: number;
  readonly firstByteAt: number | null;
  readonly endedAt: number | null;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly wireFormat: WireFormatId | null;
  readonly backend: string | null;
  readonly mode: Mode | null;
  readonly modelAsked: string | null;
  readonly modelUsed: string | null;
  readonly sessionId: string | null;
  readonly principal: string | null;
  readonly status: number;
  readonly finishReason: FinishReason | null;
  readonly errorKind: ErrorKind | null;
  readonly clientAddress: string | null;
  readonly userAgent: string | null;
  readonly streaming: boolean;
  readonly queueMs: number | null;
  readonly spawnMs: number | null;
  readonly firstEventMs: number | null;
  readonly start: RunFacts["start"] | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheReadInputTokens: number | null;
  readonly cacheWriteInputTokens: number | null;
  readonly cacheWrite1hInputTokens: number | null;
  readonly reasoningTokens: number | null;
  readonly costUsd: number | null;
  readonly steps: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly ignoredFields: readonly string[];
}
