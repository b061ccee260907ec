/**
 * A lock between processes: SQLite's own on an empty database, which the system gives back when its owner dies. (Bun has
 * no flock, and a file that says who holds it has to be believed after a crash.)
 */
import { Database } from "bun:sqlite";
import { closeSync, existsSync, openSync } from "node:fs";

const pauseMs = 25;

/** Does the work while nobody else holds the lock. Throws Error where it is not free within `waitMs`. */
export async function withFileLock<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  // Only where it is missing: to close a file gives back every lock that this process has on it (POSIX).
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  const database = new Database(path, { readwrite: true, create: false });
  try {
    const deadline = performance.now() + waitMs;
    while (!tryLock(database)) {
      if (performance.now() > deadline) throw new Error(`${path} has been locked by another process for too long.`);
      await Bun.sleep(pauseMs);
    }
    return await work();
  } finally {
    database.close();
  }
}

/** Never waits inside of SQLite, which would be inside the event loop. */
function tryLock(database: Database): boolean {
  try {
    database.run("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}
