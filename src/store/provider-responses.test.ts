import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";

import { migrations } from "./migrations/index.ts";
import { createProviderResponses } from "./provider-responses.ts";

function setUp(most = 100) {
  const database = new Database(":memory:", { strict: true });
  for (const step of migrations) database.run(step);
  let time = 0;
  const store = createProviderResponses(database, { most, now: () => (time += 1) });
  const ids = () =>
    database
      .query<{ id: string }, []>("SELECT id FROM provider_responses ORDER BY created_at")
      .all()
      .map(({ id }) => id);
  return { store, ids };
}

const one = { principal: "ann", id: "resp_1", backend: "openai", account: "KEY" };

test("who made it is told to its caller alone", () => {
  const { store } = setUp();
  store.save(one);
  store.save({ ...one, id: "resp_2", account: undefined });
  expect([store.find("ann", "resp_1"), store.find("bob", "resp_1")]).toEqual([one, undefined]);
  expect(store.find("ann", "resp_2")?.account).toBeUndefined();
  store.remove("bob", "resp_1");
  expect(store.find("ann", "resp_1")).toEqual(one);
  store.remove("ann", "resp_1");
  expect(store.find("ann", "resp_1")).toBeUndefined();
});

test("the same id may be two callers', of two providers or of one", () => {
  const { store } = setUp();
  const isOthers = (principal: string, backend = "openai") => store.isOthers({ ...one, principal, backend });
  expect(isOthers("ann")).toBe(false);
  store.save(one);
  expect([isOthers("ann"), isOthers("bob"), isOthers("bob", "azure")]).toEqual([false, true, false]);
  store.save({ ...one, principal: "bob" });
  expect([isOthers("ann"), isOthers("bob"), isOthers("eve")]).toEqual([false, false, true]);
  store.save({ ...one, principal: "bob", backend: "azure" });
  expect([store.find("ann", one.id)?.backend, store.find("bob", one.id)?.backend]).toEqual(["openai", "azure"]);
});

test("those that are too old go, some at a time", () => {
  const { store, ids } = setUp();
  for (const id of ["a", "b", "c", "d"]) store.save({ ...one, id });
  expect([store.prune(4, 2), store.prune(4, 2), store.prune(4, 2), ids()]).toEqual([2, 1, 0, ["d"]]);
  expect([store.prune(5, 2), ids()]).toEqual([1, []]);
});

test("those that are too many go, the oldest first", () => {
  const { store, ids } = setUp(3);
  for (let number = 1; number <= 64; number += 1) store.save({ ...one, id: `${number}` });
  expect(ids()).toEqual(["62", "63", "64"]);
});
