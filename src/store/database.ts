/**
 * The state database: one SQLite file that outlives the process, its schema and its durability.
 * It knows nothing of HTTP, of backends, or of who reads what is kept here.
 */
import { Database } from "bun:sqlite";
import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

import { GatewayError } from "#core/errors.ts";

import { migrations } from "./migrations/index.ts";

export interface DatabaseOptions {
  /**
   * How long a statement waits for another process's lock, in milliseconds. It waits inside the event
   * loop, so a server keeps this short and retries; opening always waits up to 5 s.
   */
  readonly busyTimeoutMs?: number;
  readonly migrations?: readonly string[];
}

const openingTimeoutMs = 5000;
/** Some 32 MB. Where somebody sees to checkpoints (`checkpoints.ts`), the log does not come to that. */
const longestLogPages = 8000;

/**
 * Opens the file, makes it if need be (0600, in a directory of 0700) and brings its schema up to date.
 * Throws GatewayError `unavailable`, with what to do about it.
 */
export function openDatabase(path: string, options: DatabaseOptions = {}): Database {
  const steps = options.migrations ?? migrations;
  let database: Database | undefined;
  try {
    createPrivately(path);
    database = new Database(path, { readwrite: true, create: false, strict: true });
    database.run(`PRAGMA busy_timeout = ${openingTimeoutMs}`);
    enterWal(database);
    database.run("PRAGMA synchronous = NORMAL");
    database.run(`PRAGMA wal_autocheckpoint = ${longestLogPages}`);
    migrate(database, path, steps);
    database.run(`PRAGMA busy_timeout = ${options.busyTimeoutMs ?? openingTimeoutMs}`);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError("unavailable", `The database ${path} cannot be opened: ${reason(cause)}.`, {
      hint: "Set state_dir to a directory this user can write to, or move the file away if it is damaged.",
      cause,
    });
  }
}

/** For what is to be forgotten with the process. */
export function openInMemory(): Database {
  const database = new Database(":memory:", { strict: true });
  for (const step of migrations) database.run(step);
  return database;
}

/** SQLite makes files 0644; the -wal and -shm files take the mode of the database when WAL begins. */
function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
}

/** SQLite does not wait for a lock while it changes the journal mode, so two first starts at once would fail. */
function enterWal(database: Database): void {
  const deadline = performance.now() + openingTimeoutMs;
  for (;;) {
    try {
      database.run("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Bun.sleepSync(5);
    }
  }
}

function migrate(database: Database, path: string, steps: readonly string[]): void {
  if (schemaVersion(database) === steps.length) return;
  const bringUpToDate = database.transaction(() => {
    const found = schemaVersion(database);
    if (found > steps.length) throw newerSchema(path, found, steps.length);
    for (const step of steps.slice(found)) database.run(step);
    database.run(`PRAGMA user_version = ${steps.length}`);
  });
  bringUpToDate.exclusive();
}

function schemaVersion(database: Database): number {
  return database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

function newerSchema(path: string, found: number, known: number): GatewayError {
  return new GatewayError(
    "unavailable",
    `The database ${path} was written by a newer ccproxy (schema ${found}; this one knows up to ${known}).`,
    { hint: "Update ccproxy, or set state_dir to another directory." },
  );
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
}
