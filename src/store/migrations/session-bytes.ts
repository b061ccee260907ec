/** What is kept of a session's conversation, in bytes: all of it together has a limit. */
export const sessionBytes = `
  ALTER TABLE sessions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE sessions SET bytes = (
    SELECT coalesce(sum(octet_length(message)), 0) FROM session_messages WHERE session = key
  );
`;
