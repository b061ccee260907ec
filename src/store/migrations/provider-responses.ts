/** Ids are a provider's own, so that two of them, or one that began anew, may give the same to two callers. */
export const providerResponses = `
  CREATE TABLE provider_responses (
    id TEXT NOT NULL,
    principal TEXT NOT NULL,
    backend TEXT NOT NULL,
    account TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (id, principal)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX provider_responses_by_age ON provider_responses (created_at);
`;
