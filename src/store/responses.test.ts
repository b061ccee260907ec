import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";

import type { StoredResponse } from "#core/stored-response.ts";

import { migrations } from "./migrations/index.ts";
import { responseBytes } from "./migrations/response-bytes.ts";
import { createResponseStore } from "./responses.ts";

function setUp({ mostBytes = 1_000_000, steps = migrations }: { mostBytes?: number; steps?: readonly string[] } = {}) {
  const database = new Database(":memory:", { strict: true });
  for (const step of steps) database.run(step);
  let unreadable = 0;
  const open = () => createResponseStore(database, { mostBytes, onUnreadable: () => (unreadable += 1) });
  const ids = () =>
    database
      .query<{ id: string }, []>("SELECT id FROM responses ORDER BY created_at")
      .all()
      .map(({ id }) => id);
  return { database, open, ids, unreadable: () => unreadable };
}

const one: StoredResponse = {
  principal: "p",
  id: "resp_1",
  createdAt: 1,
  previous: undefined,
  input: [{ id: "in_1", type: "message", role: "user", content: [{ type: "input_text", text: "ü" }] }],
  response: { id: "resp_1", status: "completed", output: [{ type: "message", deep: [{ a: null }] }] },
};
const at = (createdAt: number, text = ""): StoredResponse => ({
  ...one,
  id: `resp_${createdAt}`,
  createdAt,
  response: { output: [{ text }] },
});

test("one comes back as it was kept, to its caller alone", () => {
  const store = setUp().open();
  store.save(one);
  store.save({ ...one, id: "resp_2", previous: "resp_1", maker: { backend: "codex-cli", model: undefined } });
  expect(store.find("p", "resp_1")).toEqual(one);
  expect(store.find("p", "resp_2")).toMatchObject({ previous: "resp_1", maker: { backend: "codex-cli" } });
  expect(store.find("q", "resp_1")).toBeUndefined();
  expect([store.remove("q", "resp_1"), store.remove("p", "resp_1"), store.remove("p", "resp_1")]).toEqual([
    false,
    true,
    false,
  ]);
});

test.each([
  ["input", "torn ["],
  ["input", '["text"]'],
  ["response", "[]"],
  ["response", '{"output":"none"}'],
])("one whose %s is not as it was written (%s) is dropped, and that is said once", (column, text) => {
  const { database, open, unreadable } = setUp();
  const store = open();
  store.save(one);
  database.run(`UPDATE responses SET ${column} = ?`, [text]);
  expect([store.find("p", one.id), store.find("p", one.id), unreadable()]).toEqual([undefined, undefined, 1]);
});

test("those that are too old go, some at a time", () => {
  const { open, ids } = setUp();
  const store = open();
  for (const time of [1, 2, 3, 4]) store.save(at(time));
  expect([store.prune(4, 2), store.prune(4, 2), ids()]).toEqual([2, 1, ["resp_4"]]);
});

test("together they take no more space than they may, and the oldest go", () => {
  const { open, ids } = setUp({ mostBytes: 64_000 });
  const store = open();
  for (let time = 1; time <= 50; time += 1) store.save(at(time, "x".repeat(5000)));
  expect(ids()).toEqual(Array.from({ length: 12 }, (_, index) => `resp_${39 + index}`));
  store.save(at(51, "x".repeat(100_000)));
  expect(ids()).toEqual(["resp_51"]);
});

test("those that were kept before they were weighed are weighed too", () => {
  const at = migrations.indexOf(responseBytes);
  const { database, open, ids } = setUp({ mostBytes: 64_000, steps: migrations.slice(0, at) });
  for (const time of [1, 2, 3])
    database.run("INSERT INTO responses VALUES (?, 'p', ?, NULL, '[]', ?)", [
      `resp_${time}`,
      time,
      `"${"ü".repeat(15_000)}"`,
    ]);
  for (const step of migrations.slice(at)) database.run(step);
  open().prune(0, 100);
  expect(ids()).toEqual(["resp_2", "resp_3"]);
});
