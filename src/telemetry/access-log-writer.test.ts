import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type AccessLogRow, createAccessLog } from "#store/access-log.ts";
import { openDatabase } from "#store/database.ts";

import { createAccessLogWriter } from "./access-log-writer.ts";
import { createRequestRecord } from "./request-record.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-writer-"));
afterAll(() => rmSync(folder, { recursive: true }));

const rowOf = (requestId: string): AccessLogRow =>
  createRequestRecord({ requestId, method: "POST", path: "/v1/messages" }).row();
const rowsOf = (count: number) => Array.from({ length: count }, (_, at) => rowOf(`req_${at}`));

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 1000) throw new Error("it never came true");
    await Bun.sleep(2);
  }
}

/** A sink that refuses while `refuse` says so, and keeps what it took. */
function newWriter(options: {
  readonly refuse?: (rows: readonly AccessLogRow[]) => boolean;
  readonly maxQueuedRows?: number;
  readonly checkpoint?: () => Promise<void>;
}) {
  const written: AccessLogRow[] = [];
  const batches: number[] = [];
  const said: string[] = [];
  const writer = createAccessLogWriter({
    intervalMs: 1,
    maxBackoffMs: 4,
    maxQueuedRows: options.maxQueuedRows ?? 20_000,
    ...(options.checkpoint !== undefined && { checkpoint: options.checkpoint }),
    logger: { warn: (message) => said.push(message), info: (message) => said.push(message) },
    insertMany(rows) {
      if (options.refuse?.(rows) === true) throw new Error("database is locked");
      batches.push(rows.length);
      written.push(...rows);
    },
  });
  return { writer, written, batches, said };
}

test("adding writes nothing at once, and soon everything, in order and in batches", async () => {
  const { writer, written, batches } = newWriter({});
  const rows = rowsOf(60);
  for (const row of rows) writer.add(row);
  expect(written).toEqual([]);
  await until(() => writer.queuedRows === 0);
  expect(written).toEqual(rows);
  expect(batches).toEqual([25, 25, 10]);
});

test("after 500 rows the others wait until the database has taken them in, or could not", async () => {
  const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let times = 0;
  const { writer, written, said } = newWriter({ checkpoint: () => asked[times++]?.promise ?? Promise.resolve() });
  for (const row of rowsOf(1100)) writer.add(row);
  await until(() => times === 1);
  await Bun.sleep(5);
  expect(written.length).toBe(500);
  asked[0]?.resolve();
  await until(() => times === 2);
  writer.add(rowOf("req_more"));
  await Bun.sleep(5);
  expect(written.length).toBe(1000);
  asked[1]?.reject(new Error("disk I/O error"));
  await until(() => writer.queuedRows === 0);
  expect([written.length, said]).toEqual([1101, ["The database could not take in what was written."]]);
});

test("flush writes what waits before it returns", () => {
  const { writer, written } = newWriter({});
  const rows = rowsOf(3);
  for (const row of rows) writer.add(row);
  writer.flush();
  expect(written).toEqual(rows);
  expect(writer.queuedRows).toBe(0);
});

test("a database that refuses for a while loses nothing, and both ends of it are said once", async () => {
  let refusals = 4;
  const { writer, written, said } = newWriter({ refuse: () => (refusals -= 1) >= 0 });
  const rows = rowsOf(300);
  for (const row of rows) writer.add(row);
  await until(() => writer.queuedRows === 0);
  expect(written).toEqual(rows);
  expect(writer.lostRows).toBe(0);
  expect(said).toEqual(["The access log cannot be written; its rows wait.", "The access log is written again."]);
});

test("a row the database will never have costs that row alone", async () => {
  const { writer, written, said } = newWriter({
    refuse: (rows) => rows.some(({ requestId }) => requestId === "req_77"),
  });
  const rows = rowsOf(300);
  for (const row of rows) writer.add(row);
  await until(() => writer.queuedRows === 0);
  expect(written).toEqual(rows.filter(({ requestId }) => requestId !== "req_77"));
  expect(writer.lostRows).toBe(1);
  expect(said).toContain("Rows of the access log were lost.");
});

test("a full queue drops the newest, counts them and says so", () => {
  const { writer, written, said } = newWriter({ maxQueuedRows: 5 });
  const rows = rowsOf(20);
  for (const row of rows) writer.add(row);
  expect([writer.queuedRows, writer.lostRows]).toEqual([5, 15]);
  writer.flush();
  expect(written).toEqual(rows.slice(0, 5));
  expect(said).toEqual(["Rows of the access log were lost.", "Rows of the access log were lost."]);
});

test("a flush that cannot write gives up at its deadline, throws nothing, and keeps the rows", () => {
  const { writer, said } = newWriter({ refuse: () => true });
  writer.add(rowOf("req_1"));
  writer.flush(0);
  expect(writer.queuedRows).toBe(1);
  expect(said.at(-1)).toBe("The access log could not be written to its end.");
});

test("rows wait out another process's lock on the real database", async () => {
  const path = join(folder, "locked.db");
  const database = openDatabase(path, { busyTimeoutMs: 1 });
  const other = openDatabase(path);
  const log = createAccessLog(database);
  const writer = createAccessLogWriter({
    insertMany: log.insertMany,
    intervalMs: 1,
    logger: { warn: () => {}, info: () => {} },
  });
  other.run("BEGIN IMMEDIATE");
  for (const row of rowsOf(10)) writer.add(row);
  await Bun.sleep(10);
  expect(log.recent({ limit: 100 })).toEqual([]);
  other.run("COMMIT");
  await until(() => writer.queuedRows === 0);
  expect(log.recent({ limit: 100 }).length).toBe(10);
  expect(writer.lostRows).toBe(0);
  other.close();
  database.close();
});
