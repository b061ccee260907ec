import type { Database } from "bun:sqlite";

import type { Mode, RunFacts } from "#core/backend.ts";
import type { ErrorKind } from "#core/errors.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import type { WireFormatId } from "#core/request.ts";

/** One request as the access log keeps it. Times are unix milliseconds, `…Ms` are durations, null is "not known". */
export interface AccessLogRow {
  /** Ours and unique. A row written again replaces what was there, but a running one never a finished one. */
  readonly key: string;
  /** As the client sent it, or ours; not unique: a client may send one twice. */
  readonly requestId: string;
  readonly receivedAt: number;
  readonly firstByteAt: number | null;
  /** Null while the request runs, and for ever if the process died first. */
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
  /** 0 until it ended. */
  readonly status: number;
  readonly finishReason: FinishReason | null;
  readonly errorKind: ErrorKind | null;
  readonly clientAddress: string | null;
  readonly userAgent: string | null;
  readonly streaming: boolean;
  readonly queueMs: number | null;
  readonly spawnMs: number | null;
  readonly firstEventMs: number | null;
  readonly start: NonNullable<RunFacts["start"]> | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheReadInputTokens: number | null;
  readonly cacheWriteInputTokens: number | null;
  readonly cacheWrite1hInputTokens: number | null;
  readonly reasoningTokens: number | null;
  /** As the backend reports it, else by the vendor's list of prices. */
  readonly costUsd: number | null;
  /** By the list alone; beside a report that differs, it says by how much. */
  readonly listCostUsd: number | null;
  /** Further tries that an upstream took before its first byte. */
  readonly retries: number | null;
  /** Backends that could not answer before this one, by commas, each with the kind of its error. */
  readonly fellBackFrom: string | null;
  readonly steps: number | null;
  /** Body bytes, as they crossed the wire. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly ignoredFields: readonly string[];
}

/** The column of each field; also the names a JSON log line uses. */
export const accessLogColumns = {
  key: "key",
  requestId: "request_id",
  receivedAt: "received_at",
  firstByteAt: "first_byte_at",
  endedAt: "ended_at",
  method: "method",
  path: "path",
  wireFormat: "wire_format",
  backend: "backend",
  mode: "mode",
  modelAsked: "model_asked",
  modelUsed: "model_used",
  sessionId: "session_id",
  principal: "principal",
  status: "status",
  finishReason: "finish_reason",
  errorKind: "error_kind",
  clientAddress: "client_address",
  userAgent: "user_agent",
  streaming: "streaming",
  queueMs: "queue_ms",
  spawnMs: "spawn_ms",
  firstEventMs: "first_event_ms",
  start: "start",
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  cacheReadInputTokens: "cache_read_input_tokens",
  cacheWriteInputTokens: "cache_write_input_tokens",
  cacheWrite1hInputTokens: "cache_write_1h_input_tokens",
  reasoningTokens: "reasoning_tokens",
  costUsd: "cost_usd",
  steps: "steps",
  bytesIn: "bytes_in",
  bytesOut: "bytes_out",
  ignoredFields: "ignored_fields",
  listCostUsd: "list_cost_usd",
  retries: "retries",
  fellBackFrom: "fell_back_from",
} as const satisfies Record<keyof AccessLogRow, string>;

export interface AccessLog {
  /** All or none, in one transaction. Throws what SQLite throws. */
  readonly insertMany: (rows: readonly AccessLogRow[]) => void;
  /** Deletes the oldest of the requests that came in before `receivedBefore`, at most `limit`; how many there were. */
  readonly prune: (receivedBefore: number, limit: number) => number;
  /** Newest first; `before` continues after the last row of the page before. */
  recent(query: { readonly limit: number; readonly before?: AccessLogRow }): AccessLogRow[];
  /** Every request that carried this id, oldest first. */
  findByRequestId(requestId: string): AccessLogRow[];
}

/** What SQLite gives back: it has neither booleans nor lists. */
type StoredRow = Omit<AccessLogRow, "streaming" | "ignoredFields"> & {
  readonly streaming: number;
  readonly ignoredFields: string;
};

type Bindings = Record<string, string | number | null>;

const selectRows = `SELECT ${Object.entries(accessLogColumns)
  .map(([field, column]) => `${column} AS ${field}`)
  .join(", ")} FROM access_log`;

const columns = Object.values(accessLogColumns);

const insertRow = `
  INSERT INTO access_log (${columns.join(", ")})
  VALUES (${Object.keys(accessLogColumns)
    .map((field) => `$${field}`)
    .join(", ")})
  ON CONFLICT (key) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}
  WHERE access_log.ended_at IS NULL OR excluded.ended_at IS NOT NULL`;

export function createAccessLog(database: Database): AccessLog {
  const insert = database.query<never, Bindings>(insertRow);
  const insertAll = database.transaction((rows: readonly AccessLogRow[]) => {
    for (const row of rows) insert.run(toBindings(row));
  });
  const newest = database.query<StoredRow, { limit: number; receivedAt: number; key: string }>(
    `${selectRows} WHERE (received_at, key) < ($receivedAt, $key) ORDER BY received_at DESC, key DESC LIMIT $limit`,
  );
  const byRequestId = database.query<StoredRow, { requestId: string }>(
    `${selectRows} WHERE request_id = $requestId ORDER BY received_at, key`,
  );
  const deleteOldest = database.query<never, { receivedBefore: number; limit: number }>(
    `DELETE FROM access_log WHERE key IN
      (SELECT key FROM access_log WHERE received_at < $receivedBefore ORDER BY received_at LIMIT $limit)`,
  );

  return {
    insertMany: (rows) => insertAll.immediate(rows),
    prune: (receivedBefore, limit) => deleteOldest.run({ receivedBefore, limit }).changes,
    recent: ({ limit, before }) =>
      newest
        .all({ limit, receivedAt: before?.receivedAt ?? Number.MAX_SAFE_INTEGER, key: before?.key ?? "" })
        .map(fromStored),
    findByRequestId: (requestId) => byRequestId.all({ requestId }).map(fromStored),
  };
}

function toBindings(row: AccessLogRow): Bindings {
  return { ...row, streaming: row.streaming ? 1 : 0, ignoredFields: JSON.stringify(row.ignoredFields) };
}

function fromStored(stored: StoredRow): AccessLogRow {
  const ignoredFields: readonly string[] = JSON.parse(stored.ignoredFields);
  return { ...stored, streaming: stored.streaming === 1, ignoredFields };
}
