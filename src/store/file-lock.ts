/**
 * A lock between processes: SQLite's own on an empty database, which the system gives back when its owner dies. (Bun has
 * no flock, and a file that says who holds it has to be believed after a crash.)
 */
import { Database } from "bun:sqlite";
import { closeSync, existsSync, openSync } from "node:fs";

import { GatewayError } from "#core/errors.ts";

const pauseMs = 25;

/** Does the work while nobody else holds the lock. Throws GatewayError `unavailable` where it is not free within `waitMs`. */
export async function withFileLock<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const database = openLock(path);
  // Where there can be no lock, nobody else can write either.
  if (database === undefined) return await work();
  try {
    const deadline = performance.now() + waitMs;
    while (!tryLock(database)) {
      if (performance.now() > deadline) throw busy(path);
      await Bun.sleep(pauseMs);
    }
    return await work();
  } finally {
    database.close();
  }
}

function busy(path: string): GatewayError {
  return new GatewayError("unavailable", `${path} has been locked by another process for too long.`, {
    hint: "Send the request again in a moment.",
  });
}

function openLock(path: string): Database | undefined {
  try {
    // Only where it is missing: to close a file gives back every lock that this process has on it (POSIX).
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
    return new Database(path, { readwrite: true, create: false });
  } catch {
    return undefined;
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
