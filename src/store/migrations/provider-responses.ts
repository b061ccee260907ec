/**
 * Ids are a provider's own, so that two of them, or one that began anew, may give the same to two callers. Rows are numbered
 * in the order of their age.
 */
export const providerResponses = `
  CREATE TABLE provider_responses (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    principal TEXT NOT NULL,
    backend TEXT NOT NULL,
    account TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (id, principal)
  ) STRICT;
`;
