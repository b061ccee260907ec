import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GatewayError } from "#core/errors.ts";

import { openDatabase } from "./database.ts";
import { migrations } from "./migrations/index.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-store-"));
afterAll(() => rmSync(folder, { recursive: true }));

let places = 0;
const newPath = () => join(folder, String(places++), "state", "ccproxy.db");
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

function failure(open: () => unknown): GatewayError {
  try {
    open();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("it opened");
}

test("the file, its write-ahead log and its directory are private", () => {
  const path = newPath();
  const database = openDatabase(path);
  expect([modeOf(join(path, "..")), modeOf(path), modeOf(`${path}-wal`), modeOf(`${path}-shm`)]).toEqual([
    "700",
    "600",
    "600",
    "600",
  ]);
  database.close();
});

test("a database left readable by others is made private again", () => {
  const path = newPath();
  openDatabase(path).close();
  chmodSync(path, 0o644);
  openDatabase(path).close();
  expect(modeOf(path)).toBe("600");
});

test("closing folds the write-ahead log into the file", () => {
  const path = newPath();
  const database = openDatabase(path);
  database.query("SELECT count(*) FROM access_log").get();
  database.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
});

test("WAL, NORMAL and strict parameters are on", () => {
  const database = openDatabase(newPath(), { busyTimeoutMs: 70 });
  expect(database.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  expect(database.query("PRAGMA synchronous").get()).toEqual({ synchronous: 1 });
  expect(database.query("PRAGMA busy_timeout").get()).toEqual({ timeout: 70 });
  expect(() => database.query("SELECT $a").get({})).toThrow();
  database.close();
});

test("each migration runs once, also when the list grows later", () => {
  const path = newPath();
  const first = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);";
  const second = "INSERT INTO a VALUES (2);";
  openDatabase(path, { migrations: [first] }).close();
  openDatabase(path, { migrations: [first] }).close();
  const database = openDatabase(path, { migrations: [first, second] });
  expect(database.query("SELECT x FROM a").values()).toEqual([[1], [2]]);
  database.close();
});

test("a migration that fails leaves the schema as it was", () => {
  const path = newPath();
  openDatabase(path, { migrations: ["CREATE TABLE a (x INTEGER) STRICT"] }).close();
  const broken = ["", "CREATE TABLE b (x INTEGER) STRICT", "CREATE TABLE a (x INTEGER) STRICT"];
  expect(failure(() => openDatabase(path, { migrations: broken })).kind).toBe("unavailable");
  const database = new Database(path);
  expect(database.query("SELECT name FROM sqlite_schema").values()).toEqual([["a"]]);
  expect(database.query("PRAGMA user_version").get()).toEqual({ user_version: 1 });
  database.close();
});

test("a schema from a newer version is refused by name, and untouched", () => {
  const path = newPath();
  openDatabase(path, { migrations: ["CREATE TABLE a (x)", "CREATE TABLE b (x)"] }).close();
  const error = failure(() => openDatabase(path, { migrations: ["CREATE TABLE a (x)"] }));
  expect(error.kind).toBe("unavailable");
  expect(error.explanation).toContain("newer ccproxy (schema 2; this one knows up to 1)");
  openDatabase(path, { migrations: ["", ""] }).close();
});

test("a file that is no database is an error that names it and is not overwritten", () => {
  const path = newPath();
  openDatabase(path).close();
  writeFileSync(path, "not a database, but somebody's notes ".repeat(20));
  const error = failure(() => openDatabase(path));
  expect(error.explanation).toContain(path);
  expect(statSync(path).size).toBe(740);
});

test("a place that cannot be made is an error that says what to set", () => {
  expect(failure(() => openDatabase("/dev/null/state/ccproxy.db")).explanation).toContain("state_dir");
});

test("several processes may open a new database at the same moment", async () => {
  const path = newPath();
  const program = `import { openDatabase } from "#store/database.ts"; openDatabase(process.argv[1]).close();`;
  const children = Array.from({ length: 4 }, () =>
    Bun.spawn([process.execPath, "-e", program, path], { cwd: process.cwd(), stdout: "ignore", stderr: "pipe" }),
  );
  const ends = await Promise.all(children.map(async (child) => [await child.exited, await child.stderr.text()]));
  expect(ends).toEqual(Array.from({ length: 4 }, () => [0, ""]));
  const database = new Database(path);
  expect(database.query("PRAGMA user_version").get()).toEqual({ user_version: migrations.length });
  database.close();
});
