/** What is kept of a response, in bytes: all of them together have a limit. The index has all that it takes to weigh them. */
export const responseBytes = `
  ALTER TABLE responses ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE responses SET bytes = octet_length(input) + octet_length(response);
  DROP INDEX responses_created_at;
  CREATE INDEX responses_by_age ON responses (created_at, id, bytes);
`;
