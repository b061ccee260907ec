/** A session is its caller's: equal ids of two callers are two sessions. Its messages lie in the order they were said. */
export const sessions = `
  CREATE TABLE sessions (
    key INTEGER PRIMARY KEY,
    principal TEXT NOT NULL,
    id TEXT NOT NULL,
    named INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    mode TEXT,
    workspace TEXT,
    model TEXT,
    system TEXT NOT NULL,
    piecemeal INTEGER NOT NULL,
    backend_session TEXT,
    resume TEXT,
    UNIQUE (principal, id)
  ) STRICT;
  CREATE INDEX sessions_used_at ON sessions (used_at);
  CREATE TABLE session_messages (
    session INTEGER NOT NULL REFERENCES sessions (key),
    position INTEGER NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (session, position)
  ) STRICT, WITHOUT ROWID;
`;
