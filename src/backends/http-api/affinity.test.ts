import { expect, test } from "bun:test";

import { createAffinity } from "./affinity.ts";

const alice = { principal: "alice", session: undefined };
const named = { principal: "alice", session: { id: "s", named: true, resume: undefined } };
const hello = { input: "Hello" };

// proves("upstream-affinity")
test("a session's name counts before how its conversation begins, each for its caller alone", () => {
  const { ofTurn } = createAffinity({ spreads: true });
  expect(ofTurn(named, hello)).toBe(ofTurn(named, { input: "Other" }));
  expect(ofTurn(alice, hello)).toBe(ofTurn(alice, { ...hello, model: "any" }));
  const all = [ofTurn(named, hello), ofTurn(alice, hello), ofTurn({ ...alice, principal: "bob" }, hello)];
  expect(new Set(all).size).toBe(3);
  expect(ofTurn(alice, {})).toBeUndefined();
});

test("files and batches are one account's for each caller", () => {
  const { ofResource } = createAffinity({ spreads: true });
  expect(ofResource(alice)).toBe(ofResource(named));
  expect(ofResource({ ...alice, principal: "bob" })).not.toBe(ofResource(alice));
});

test("nothing is looked at where there is nothing to choose", () => {
  const unread = new Proxy({}, { get: () => expect.unreachable() });
  expect(createAffinity({ spreads: false }).ofTurn(named, unread)).toBeUndefined();
});
