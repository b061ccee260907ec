import { describe, expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";
import type { ResponseStore, StoredResponse } from "#core/stored-response.ts";
import { isRecord } from "#lib/is-record.ts";

import { expandBody } from "./stored-conversation.ts";

const user = (content: string, id?: string) => ({ type: "message", role: "user", content, ...(id && { id }) });
const said = (text: string, id: string) => ({
  type: "message",
  id,
  role: "assistant",
  content: [{ type: "output_text", text }],
});
const call = (status: string, json: string) => ({
  type: "function_call",
  id: "fc_b_1",
  call_id: "c1",
  name: "f",
  arguments: json,
  status,
});

function storeOf(...kept: readonly StoredResponse[]): ResponseStore {
  return {
    save: () => undefined,
    find: (principal, id) => kept.find((one) => one.principal === principal && one.id === id),
    remove: () => false,
  };
}

const stored = (id: string, input: StoredResponse["input"], output: readonly object[], previous?: string) => ({
  principal: "ann",
  id,
  createdAt: 0,
  previous,
  input,
  response: { id, output },
});

const inputOf = (store: ResponseStore, body: object, principal = "ann") => {
  const { body: expanded } = expandBody({ model: "m", ...body }, { store, principal });
  return isRecord(expanded) ? expanded["input"] : expanded;
};

const first = stored("resp_a", [user("one", "in_a_0")], [said("1", "msg_a_0")]);

describe("previous_response_id", () => {
  test("puts all that was said before the input", () => {
    const second = stored("resp_b", [user("two")], [said("2", "msg_b_0")], "resp_a");
    expect(inputOf(storeOf(first, second), { previous_response_id: "resp_b", input: "three" })).toEqual([
      ...first.input,
      ...first.response.output,
      ...second.input,
      ...second.response.output,
      user("three"),
    ]);
  });

  test("says how much of it the request itself did not say", () => {
    const asker = { store: storeOf(first), principal: "ann" };
    expect(expandBody({ previous_response_id: "resp_a", input: "x" }, asker).kept).toBe(2);
    expect(expandBody({ input: [user("x")] }, asker).kept).toBe(0);
  });

  test("is unknown to anybody else, and where a response that it goes on from is gone", () => {
    const second = stored("resp_b", [user("two")], [], "resp_gone");
    const asked = { previous_response_id: "resp_b", input: "x" };
    expect(() => inputOf(storeOf(second), asked, "bob")).toThrow(GatewayError);
    expect(() => inputOf(storeOf(second), asked)).toThrow(/resp_gone/);
  });

  test("goes on from an answer that was cut off amid a call, without that call", () => {
    const cut = stored("resp_b", [user("two")], [said("hm", "msg_b_0"), call("incomplete", '{"pa')], "resp_a");
    const input = inputOf(storeOf(first, cut), { previous_response_id: "resp_b", input: "go on" });
    expect(input).toEqual([
      ...first.input,
      ...first.response.output,
      ...cut.input,
      said("hm", "msg_b_0"),
      user("go on"),
    ]);
    const whole = stored("resp_b", [user("two")], [call("completed", "{}")]);
    expect(inputOf(storeOf(whole), { previous_response_id: "resp_b", input: "x" })).toContainEqual(
      call("completed", "{}"),
    );
  });
});

describe("an item_reference", () => {
  test("stands for what was answered or asked, to who asked it", () => {
    const asked = (id: string) => ({ input: [{ type: "item_reference", id }, user("x")] });
    expect(inputOf(storeOf(first), asked("msg_a_0"))).toEqual([said("1", "msg_a_0"), user("x")]);
    expect(inputOf(storeOf(first), asked("in_a_0"))).toEqual([user("one", "in_a_0"), user("x")]);
    expect(() => inputOf(storeOf(first), asked("msg_a_1"))).toThrow(/msg_a_1/);
    expect(() => inputOf(storeOf(first), asked("msg_a_0"), "bob")).toThrow(/msg_a_0/);
  });
});
