import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type AccessLogRow, createAccessLog } from "#store/access-log.ts";
import { openDatabase } from "#store/database.ts";

import { type PruningOptions, startPruning } from "./access-log-pruner.ts";
import { createRequestRecord } from "./request-record.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-pruner-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dayMs = 24 * 60 * 60 * 1000;
let databases = 0;

/** `ages` in days. */
const rowsOf = (ages: readonly number[]): AccessLogRow[] =>
  ages.map((age) =>
    createRequestRecord(
      { requestId: `${age} days`, method: "POST", path: "/v1/messages" },
      { receivedAt: Date.now() - age * dayMs },
    ).row(),
  );

function setUp(ages: readonly number[], options: Partial<PruningOptions>) {
  const log = createAccessLog(openDatabase(join(folder, `${databases++}.db`)));
  log.insertMany(rowsOf(ages));
  const batches: number[] = [];
  /** The oldest row left by each batch. */
  const oldest: (string | undefined)[] = [];
  const left = (): string[] => log.recent({ limit: 1000 }).map(({ requestId }) => requestId);
  const said: string[] = [];
  const stop = startPruning({
    what: "rows",
    prune(receivedBefore, limit) {
      batches.push(log.prune(receivedBefore, limit));
      oldest.push(left().at(-1));
      return batches.at(-1) ?? 0;
    },
    logger: { warn: (message) => said.push(message), debug: () => undefined },
    keepDays: 90,
    batchRows: 100,
    pauseMs: 1,
    ...options,
  });
  return { log, left, batches, oldest, said, [Symbol.dispose]: stop };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 1000) throw new Error("it never came true");
    await Bun.sleep(2);
  }
}

test("what is older than it may be goes, oldest first and batch by batch; the rest stays", async () => {
  using pruning = setUp([...Array.from({ length: 250 }, (_, at) => 91 + at), 89, 1, 0], {});
  expect(pruning.batches).toEqual([]);
  await until(() => pruning.batches.length === 3);
  expect(pruning.batches).toEqual([100, 100, 50]);
  expect(pruning.oldest).toEqual(["240 days", "140 days", "89 days"]);
  expect(pruning.left()).toEqual(["0 days", "1 days", "89 days"]);
});

test("it goes on doing so", async () => {
  using pruning = setUp([91], { everyMs: 2 });
  await until(() => pruning.left().length === 0);
  pruning.log.insertMany(rowsOf([92, 5]));
  await until(() => pruning.left().length === 1);
  expect(pruning.left()).toEqual(["5 days"]);
});

test("with 0 days all is kept, and after its end nothing is deleted any more", async () => {
  using forever = setUp([10_000], { keepDays: 0 });
  const stopped = setUp([10_000], {});
  stopped[Symbol.dispose]();
  await Bun.sleep(20);
  expect([forever.batches, stopped.batches]).toEqual([[], []]);
});

test("a database that refuses is reported, and tried again the next time", async () => {
  let refusals = 1;
  using pruning = setUp([91], {
    everyMs: 2,
    prune(receivedBefore, limit) {
      if (refusals-- > 0) throw new Error("database is locked");
      return pruning.log.prune(receivedBefore, limit);
    },
  });
  await until(() => pruning.left().length === 0);
  expect(pruning.said).toHaveLength(1);
});
