import { expect, test } from "bun:test";

import type { Message } from "#core/request.ts";

import { answeredCalls } from "./pending-calls.ts";

const call = (callId: string) => ({ type: "tool-call", callId, toolName: "t", input: {} }) as const;
const result = (callId: string) => ({ type: "tool-result", callId, content: [], isError: false }) as const;
const before: readonly Message[] = [{ role: "assistant", content: [call("a"), call("b")] }];

test("a conversation goes on with all results of the last answer, or drops its calls", () => {
  expect(answeredCalls(before, [{ role: "user", content: [result("b"), result("a")] }])).toEqual(["a", "b"]);
  expect(answeredCalls(before, [{ role: "user", content: [{ type: "text", text: "no" }] }])).toEqual(["a", "b"]);
  expect(answeredCalls([{ role: "assistant", content: [] }], [])).toEqual([]);
});

test("some results without the others are refused, and what is missing is named", () => {
  expect(() => answeredCalls(before, [{ role: "user", content: [result("b")] }])).toThrow(
    expect.objectContaining({ kind: "invalid-request", message: "There is no result for the tool call a." }),
  );
});
