import { Database } from "bun:sqlite";

import { createSessions, type Sessions, type SessionsDeps } from "#sessions/sessions.ts";
import { migrations } from "#store/migrations/index.ts";
import { createSessionStore } from "#store/sessions.ts";

/** Real sessions over a database in memory. */
export function createTestSessions(changes: Partial<SessionsDeps> & { readonly database?: Database } = {}): Sessions {
  return createSessions({
    store: createSessionStore(changes.database ?? memoryDatabase(), () => undefined),
    options: { waitMs: 5000, maxWaiting: 4, keepMs: 1_000_000, most: 1000, mostBytes: 1_000_000 },
    onForgotten: () => undefined,
    onFault(error) {
      throw error;
    },
    ...changes,
  });
}

export function memoryDatabase(): Database {
  const database = new Database(":memory:", { strict: true });
  for (const migration of migrations) database.run(migration);
  return database;
}
