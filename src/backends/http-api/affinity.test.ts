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

test("who goes on from a response asks whoever made it, as who asks for it does", () => {
  const { ofTurn, ofResource, answered } = createAffinity({ spreads: true });
  const first = ofTurn(alice, hello);
  answered("resp_1", first);
  const second = ofTurn(alice, { input: "And?", previous_response_id: "resp_1" });
  answered("resp_2", second);
  expect(second).toBe(first);
  expect(ofTurn(alice, { input: "So?", previous_response_id: "resp_2" })).toBe(first);
  expect(ofResource(alice, "/v1/responses/resp_2?include=x")).toBe(first);
  expect(ofTurn(alice, { input: "So?", previous_response_id: "resp_9" })).not.toBe(first);
});

test("files and batches are one account's for each caller", () => {
  const { ofResource } = createAffinity({ spreads: true });
  expect(ofResource(alice, "/v1/files")).toBe(ofResource(named, "/v1/messages/batches/b/results"));
  expect(ofResource({ ...alice, principal: "bob" }, "/v1/files")).not.toBe(ofResource(alice, "/v1/files"));
});

test("of responses so many are remembered, and nothing where there is nothing to choose", () => {
  const { ofTurn, answered } = createAffinity({ spreads: true });
  for (let id = 0; id <= 10_000; id += 1) answered(`resp_${id}`, "k");
  const goesOn = (id: number) => ofTurn(alice, { previous_response_id: `resp_${id}` });
  expect([goesOn(0), goesOn(1), goesOn(10_000)]).toEqual([undefined, "k", "k"]);
  const unread = new Proxy({}, { get: () => expect.unreachable() });
  expect(createAffinity({ spreads: false }).ofTurn(named, unread)).toBeUndefined();
});
