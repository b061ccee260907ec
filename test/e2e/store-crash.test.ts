/** What the access log and the log file keep when the process that writes them is killed, stopped, or not alone. */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { createAccessLog } from "#store/access-log.ts";
import { openDatabase } from "#store/database.ts";
import { createRequestRecord } from "#telemetry/request-record.ts";

import { startProxy, waitFor } from "./support/proxy.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-crash-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly what: string;
  readonly id: string;
  readonly turn: number;
}

interface Round {
  readonly told: readonly Told[];
  readonly exitCode: number | null;
}

const recordRequests = fileURLToPath(import.meta.resolve("./support/record-requests.ts"));
const writeLines = fileURLToPath(import.meta.resolve("./support/write-lines.ts"));

/** A second, in turns of the recorder: what it did not get to do because the machine was busy is not held against it. */
const turnsOfASecond = 500;

/** Lets the recorder run until it tells of `lastTurn`, then sends the signal. */
async function runRecorder(place: string, lastTurn: number, signal: NodeJS.Signals): Promise<Round> {
  const child = Bun.spawn([process.execPath, recordRequests, join(place, "ccproxy.db"), join(place, "ccproxy.log")], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const decoder = new TextDecoder();
  const told: Told[] = [];
  let rest = "";
  for await (const chunk of child.stdout) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    told.push(...lines.map(parseTold));
    if ((told.at(-1)?.turn ?? 0) >= lastTurn) child.kill(signal);
  }
  await child.exited;
  return { told, exitCode: child.exitCode };
}

function parseTold(line: string): Told {
  const [what = "", id = "", turn = ""] = line.split(" ");
  return { what, id, turn: Number(turn) };
}

/** How often each request id is in the access log, by whether it ended. */
function recorded(place: string): { readonly ended: Map<string, number>; readonly all: Map<string, number> } {
  const database = new Database(join(place, "ccproxy.db"));
  expect(database.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
  const rows = database.query<{ id: string; ended: number }, []>(
    "SELECT request_id AS id, ended_at IS NOT NULL AS ended FROM access_log",
  );
  const ended = new Map<string, number>();
  const all = new Map<string, number>();
  for (const row of rows.all()) {
    all.set(row.id, (all.get(row.id) ?? 0) + 1);
    if (row.ended === 1) ended.set(row.id, (ended.get(row.id) ?? 0) + 1);
  }
  database.close();
  return { ended, all };
}

function logLines(place: string): string[] {
  const files = readdirSync(place).filter((name) => name.startsWith("ccproxy.log"));
  return files.flatMap((name) => readFileSync(join(place, name), "utf8").split("\n").filter(Boolean));
}

/** Kills the recorder several times over the same files. */
async function killRepeatedly(place: string, lastTurns: readonly number[]): Promise<void> {
  const told: Told[] = [];
  for (const lastTurn of lastTurns) {
    const { told: heard, exitCode } = await runRecorder(place, lastTurn, "SIGKILL");
    expect(exitCode).not.toBe(0);
    told.push(...heard);
    const { ended, all } = recorded(place);
    const killedIn = heard.at(-1)?.turn ?? 0;
    const settled = heard.filter(({ turn }) => turn < killedIn - turnsOfASecond);
    expect(settled.filter(({ what }) => what === "ended").length).toBeGreaterThan(50);
    expect(settled.filter(({ what, id }) => (what === "ended" ? ended : all).get(id) !== 1)).toEqual([]);
  }
  const { all } = recorded(place);
  expect([...all.values()].filter((rows) => rows !== 1)).toEqual([]);
  const inLog = new Set(logLines(place).map((line): unknown => JSON.parse(line).request_id));
  expect(told.filter(({ what, id }) => what === "ended" && !inLog.has(id))).toEqual([]);
}

test('SIGKILL, twelve times over, loses no row older than a second and no line; proves("log-durable")', async () => {
  // Three at once: each waits for its second to pass.
  await Promise.all(
    [0, 1, 2].map((at) =>
      killRepeatedly(
        join(folder, `kill-${at}`),
        [0, 3, 6, 9].map((round) => turnsOfASecond + 50 + (round + at) * 16),
      ),
    ),
  );
}, 90_000);

test('SIGTERM loses nothing, and gives requests that were still open their row; proves("log-durable")', async () => {
  const place = join(folder, "stop");
  const { told, exitCode } = await runRecorder(place, 300, "SIGTERM");
  expect(exitCode).toBe(0);
  const { ended } = recorded(place);
  expect(told.length).toBeGreaterThan(100);
  expect(told.filter(({ id }) => ended.get(id) !== 1)).toEqual([]);
}, 30_000);

test("a start forgets what is older than log.retention_days", async () => {
  const place = join(folder, "old");
  const database = openDatabase(join(place, "ccproxy.db"));
  const rowOf = (requestId: string, days: number) =>
    createRequestRecord(
      { requestId, method: "POST", path: "/v1/messages" },
      { receivedAt: Date.now() - days * 86_400_000 },
    ).row();
  createAccessLog(database).insertMany([rowOf("young", 6), rowOf("old", 8)]);
  database.close();
  const env = { CCPROXY_STATE: place, CCPROXY__LOG__RETENTION_DAYS: "7" };
  const proxy = await startProxy({ claude: "/nonexistent/claude", env });
  try {
    await waitFor(() => (recorded(place).all.has("old") ? undefined : true), 10_000, proxy.exited);
    expect(recorded(place).all.has("young")).toBe(true);
  } finally {
    await proxy.stop();
  }
}, 30_000);

test("several processes that write and rotate one log file at once lose no line and split none", async () => {
  const path = join(folder, "shared", "ccproxy.log");
  const count = 20_000;
  const names = ["a", "b", "c", "d"];
  const children = names.map((name) =>
    Bun.spawn([process.execPath, writeLines, path, name, String(count)], { stdin: "ignore" }),
  );
  expect(await Promise.all(children.map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
  const expected = names.flatMap((name) =>
    Array.from({ length: count }, (_, at) => `${name} ${at} ${"x".repeat(at % 60)}`.trimEnd()),
  );
  expect(
    logLines(join(path, ".."))
      .map((line) => line.trimEnd())
      .toSorted(),
  ).toEqual(expected.toSorted());
}, 60_000);
