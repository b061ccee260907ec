import { describe, expect, test } from "bun:test";

import type { Message, ModelRequest } from "#core/request.ts";

import { fingerprint, spellingsOf, splitAtLastAnswer, type Conversation } from "./fingerprint.ts";

const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const assistant = (...texts: readonly string[]): Message => ({
  role: "assistant",
  content: texts.map((text) => ({ type: "text", text })),
});
const base: Conversation = {
  principal: "me",
  mode: "chat",
  system: ["s"],
  model: "opus",
  messages: [user("hi"), assistant("ho", "ho")],
};

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
  ])("although %s", (_title, messages) => {
    expect(fingerprint({ ...base, messages })).toBe(fingerprint(base));
  });
});

describe("a conversation is another", () => {
  const call = { type: "tool-call", callId: "t", toolName: "x", input: {} } as const;
  test.each([
    ["for another asker", { principal: "you" }],
    ["in another mode", { mode: "agent" }],
    ["under another system prompt", { system: ["t"] }],
    ["with another model", { model: undefined }],
    ["when the user said something else", { messages: [user("hi "), assistant("hoho")] }],
    ["when the answer was another", { messages: [user("hi"), assistant("haha")] }],
    ["when as much as a blank of the answer was changed", { messages: [user("hi"), assistant("ho ho")] }],
    [
      "when the answer called a tool",
      { messages: [user("hi"), { role: "assistant", content: [...assistant("hoho").content, call] }] },
    ],
  ] satisfies readonly (readonly [string, Partial<Conversation>])[])("%s", (_title, changes) => {
    expect(fingerprint({ ...base, ...changes })).not.toBe(fingerprint(base));
  });
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
