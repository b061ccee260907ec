import { describe, expect, test } from "bun:test";

import type { Message, Part } from "./request.ts";
import { pathOf, settledMessages } from "./settled-messages.ts";

const text = (value: string): Part => ({ type: "text", text: value });
const call = (callId: string): Part => ({ type: "tool-call", callId, toolName: "now", input: {} });
const result = (callId: string): Part => ({ type: "tool-result", callId, content: [text("r")], isError: false });
const user = (...content: readonly Part[]): Message => ({ role: "user", content });
const assistant = (...content: readonly Part[]): Message => ({ role: "assistant", content });
const system = (value: string): Message => ({ role: "system", content: [text(value)] });
const notRun = (callId: string) => expect.objectContaining({ type: "tool-result", callId, isError: true });
const tagged = text("<system-message>\nbe brief\n</system-message>");

describe("a late system message", () => {
  const messages = [user(text("a")), assistant(text("b")), system("be brief"), user(text("c"))];

  test("stands where it was, where it may", () => {
    expect(settledMessages(messages, { lateSystem: "stands" })).toEqual(messages);
  });

  test("is tagged text of the user elsewhere", () => {
    const settled = settledMessages(messages, { lateSystem: "tagged" });
    expect(settled).toEqual([user(text("a")), assistant(text("b")), user(tagged, text("c"))]);
  });

  test("never parts a call from its result", () => {
    const parting = [user(text("a")), assistant(call("1")), system("be brief"), user(result("1"))];
    const settled = settledMessages(parting, { lateSystem: "stands" });
    expect(settled).toEqual([user(text("a")), assistant(call("1")), user(result("1"), tagged)]);
  });
});

describe("a call", () => {
  test("without a result was not run", () => {
    const messages = [assistant(call("1"), call("2")), user(text("well?"), result("2"))];
    expect(settledMessages(messages, { lateSystem: "stands" })[1]?.content).toEqual([
      notRun("1"),
      result("2"),
      text("well?"),
    ]);
  });

  test("at the end is left to its client", () => {
    const messages = [user(text("a")), assistant(call("1"))];
    expect(settledMessages(messages, { lateSystem: "stands" })).toEqual(messages);
  });
});

test("a message that says nothing is left out, and its neighbours meet", () => {
  const messages = [user(text("a")), assistant(text(""), { type: "reasoning", text: "hm" }), user(text("b"))];
  expect(settledMessages(messages, { lateSystem: "stands" })).toEqual([user(text("a"), text("b"))]);
});

test("a part is found where its client wrote it", () => {
  const image: Part = { type: "image", source: { type: "url", url: "https://example.test/a.png" } };
  const inResult: Part = { type: "tool-result", callId: "1", content: [image], isError: false };
  const messages = [user(text("a")), user(text("b"), inResult)];
  expect(pathOf({ messages }, image)).toBe("messages[1].content[1]");
  expect(pathOf({ messages, places: new Map([[image, "input[3].output[0]"]]) }, image)).toBe("input[3].output[0]");
});
