/**
 * `key` is ours and unique, so writing a row twice is writing it once; `request_id` is the client's
 * and may repeat. Without a rowid the rows lie in the order of their keys, which is that of time.
 */
export const accessLog = `
  CREATE TABLE access_log (
    key TEXT PRIMARY KEY,
    request_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    first_byte_at INTEGER,
    ended_at INTEGER,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    wire_format TEXT,
    backend TEXT,
    mode TEXT,
    model_asked TEXT,
    model_used TEXT,
    session_id TEXT,
    principal TEXT,
    status INTEGER NOT NULL,
    finish_reason TEXT,
    error_kind TEXT,
    client_address TEXT,
    user_agent TEXT,
    streaming INTEGER NOT NULL,
    queue_ms INTEGER,
    spawn_ms INTEGER,
    first_event_ms INTEGER,
    start TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cache_read_input_tokens INTEGER,
    cache_write_input_tokens INTEGER,
    cache_write_1h_input_tokens INTEGER,
    reasoning_tokens INTEGER,
    cost_usd REAL,
    steps INTEGER,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    ignored_fields TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX access_log_received_at ON access_log (received_at);
  CREATE INDEX access_log_request_id ON access_log (request_id);
`;
