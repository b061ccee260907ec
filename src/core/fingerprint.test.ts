import { describe, expect, test } from "bun:test";

import { callsFingerprint, fingerprint, type Settled, spellingsOf, splitAtLastAnswer } from "./fingerprint.ts";
import type { Message, ModelRequest } from "./request.ts";

const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const assistant = (...texts: readonly string[]): Message => ({
  role: "assistant",
  content: texts.map((text) => ({ type: "text", text })),
});
const settled: Settled = { principal: "me", system: ["s"], model: "opus", rest: ["chat"] };
const messages = [user("hi"), assistant("ho", "ho")];

describe("a conversation is the same", () => {
  test.each([
    ["the answer's blocks were joined", [user("hi"), assistant("hoho")]],
    [
      "the reasoning was dropped",
      [
        user("hi"),
        { role: "assistant", content: [{ type: "reasoning", text: "hm" }, ...assistant("hoho").content] } as const,
      ],
    ],
  ])("although %s", (_title, shown) => {
    expect(fingerprint(settled, shown)).toBe(fingerprint(settled, messages));
  });
});

describe("a conversation is another", () => {
  const call = { type: "tool-call", callId: "t", toolName: "x", input: {} } as const;
  test.each([
    ["for another asker", { principal: "you" }],
    ["in another mode", { rest: ["agent"] }],
    ["under another system prompt", { system: ["t"] }],
    ["with another model", { model: undefined }],
  ] satisfies readonly (readonly [string, Partial<Settled>])[])("%s", (_title, changes) => {
    const other = { ...settled, ...changes };
    expect(fingerprint(other, messages)).not.toBe(fingerprint(settled, messages));
    expect(callsFingerprint(other, ["c"])).not.toBe(callsFingerprint(settled, ["c"]));
  });

  test.each([
    ["when the user said something else", [user("hi "), assistant("hoho")]],
    ["when the answer was another", [user("hi"), assistant("haha")]],
    ["when as much as a blank of the answer was changed", [user("hi"), assistant("ho ho")]],
    [
      "when the answer called a tool",
      [user("hi"), { role: "assistant", content: [...assistant("hoho").content, call] } as const],
    ],
  ])("%s", (_title, shown) => {
    expect(fingerprint(settled, shown)).not.toBe(fingerprint(settled, messages));
  });
});

test("a turn that waits is known by the ids of its calls, in any order", () => {
  const of = (...ids: readonly string[]) => callsFingerprint(settled, ids, messages);
  expect(of("toolu_a", "toolu_b")).toBe(of("toolu_b", "toolu_a"));
  expect(of("toolu_a")).not.toBe(of("toolu_a", "toolu_b"));
  expect(callsFingerprint(settled, ["toolu_a"], [user("shortened")])).toBe(of("toolu_a"));
});

test("ids that another conversation may have too are not enough", () => {
  const other = [user("something else")];
  expect(callsFingerprint(settled, ["call_0"], messages)).not.toBe(callsFingerprint(settled, ["call_0"], other));
  expect(callsFingerprint(settled, ["call_0"], messages)).toBe(callsFingerprint(settled, ["call_0"], [...messages]));
});

test("what is new begins behind the last answer", () => {
  const request = (messages: readonly Message[]): ModelRequest => ({
    wireFormat: "openai-chat",
    model: undefined,
    system: [],
    messages,
    stream: true,
    includeUsage: true,
    features: {},
    featureFields: {},
    ignoredFields: [],
  });
  expect(splitAtLastAnswer(request([user("a"), assistant("b"), user("c")]))).toEqual({
    before: [user("a"), assistant("b")],
    added: [user("c")],
  });
  expect(splitAtLastAnswer(request([user("a")]))).toBeUndefined();
});

test("an answer of several steps comes back as blocks or as paragraphs", () => {
  expect(spellingsOf(["one"])).toEqual(["one"]);
  expect(spellingsOf(["one", "", "two"])).toEqual(["onetwo", "one\n\ntwo"]);
});
