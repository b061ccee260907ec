import { expect, test } from "bun:test";

import type { WireFormatId } from "#core/request.ts";
import { memoryDatabase } from "#sessions/testing/test-sessions.ts";
import { createProviderResponses } from "#store/provider-responses.ts";

import { accountOfPath, accountOfTurn, rememberAnswer } from "./kept-responses.ts";

function setUp(json: object = {}, wireFormat: WireFormatId = "openai-responses") {
  const responses = createProviderResponses(memoryDatabase(), { most: 100 });
  const keeper = { id: "openai", responses };
  rememberAnswer(keeper, { wireFormat, json }, { principal: "ann", id: "resp_1", account: "KEY_2" });
  return keeper;
}

test("whoever made a response is asked for it, and for what goes on from it", () => {
  const keeper = setUp();
  for (const path of ["/v1/responses/resp_1", "/v1/responses/resp%5F1/input_items?order=asc"])
    expect(accountOfPath(keeper, "ann", path)).toBe("KEY_2");
  expect(accountOfTurn(keeper, "ann", { previous_response_id: "resp_1" })).toBe("KEY_2");
});

test("a response is its caller's alone, however its id is written", () => {
  const keeper = setUp();
  for (const path of ["/v1/responses/resp_1", "/v1/responses/resp%5F1/cancel"])
    expect(() => accountOfPath(keeper, "bob", path)).toThrow(expect.objectContaining({ kind: "not-found" }));
  expect(() => accountOfTurn(keeper, "bob", { previous_response_id: "resp_1" })).toThrow(
    expect.objectContaining({ kind: "invalid-request" }),
  );
  // Another provider's of the same id is not known to be anybody's.
  expect(accountOfPath({ ...keeper, id: "azure" }, "bob", "/v1/responses/resp_1")).toBeUndefined();
});

test("one that may not be kept is not remembered, nor are other answers, nor is any where nobody remembers", () => {
  for (const keeper of [setUp({ store: false }), setUp({}, "openai-chat")])
    for (const caller of ["ann", "bob"]) expect(accountOfPath(keeper, caller, "/v1/responses/resp_1")).toBeUndefined();
  const forgetful = { id: "openai", responses: undefined };
  const request = { wireFormat: "openai-responses", json: {} } as const;
  rememberAnswer(forgetful, request, { principal: "ann", id: "resp_1", account: "KEY" });
  expect(accountOfTurn(forgetful, "ann", { previous_response_id: "resp_1" })).toBeUndefined();
});

test.each(["/v1/files", "/v1/responses", "/v1/responses?x=1", "/v1/responses/%E0"])("%s names none", (path) => {
  expect(accountOfPath(setUp(), "bob", path)).toBeUndefined();
});
