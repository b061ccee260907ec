/** Ids are ours, and unique; the principal is who may read it. */
export const responses = `
  CREATE TABLE responses (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    previous TEXT,
    input TEXT NOT NULL,
    response TEXT NOT NULL
  ) STRICT;
  CREATE INDEX responses_created_at ON responses (created_at);
`;
