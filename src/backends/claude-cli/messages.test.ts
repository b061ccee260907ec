import { describe, expect, test } from "bun:test";

import type { Message, Part } from "#core/request.ts";

import { guardCommand, historyOf, unheardReasoning, withoutThinking } from "./messages.ts";

const user = (...content: readonly Part[]): Message => ({ role: "user", content });
const assistant = (...content: readonly Part[]): Message => ({ role: "assistant", content });
const text = (value: string): Part => ({ type: "text", text: value });
const encode = (messages: readonly Message[]) => historyOf({ messages }, (name) => name);

test("messages that end with the assistant's are refused by position", () => {
  expect(() => encode([user(text("a")), assistant(text("b"))])).toThrow(
    expect.objectContaining({ kind: "invalid-request", options: expect.objectContaining({ param: "messages[1]" }) }),
  );
});

describe("the command guard", () => {
  const block = (value: string) => ({ type: "text", text: value });

  test("puts a newline before a last text that begins with a slash", () => {
    expect(guardCommand([block("a"), block("/clear")])).toEqual([block("a"), block("\n/clear")]);
  });

  test("leaves anything else alone", () => {
    const image = { type: "image" };
    for (const content of [[block("/a"), image], [block("/a"), block("b")], [block(" /a")], []])
      expect(guardCommand(content)).toEqual(content);
  });
});

test("earlier reasoning is unheard in the CLI's history; unsigned, it is unheard everywhere", () => {
  const part = (field: string, more: object = {}): Part => ({ type: "reasoning", text: "hm", field, ...more });
  const messages = [
    user(text("a")),
    assistant(part("one", { signature: "s" }), part("two"), text("b")),
    user(text("c")),
  ];
  expect(unheardReasoning(messages, false)).toEqual(["one", "two"]);
  expect(unheardReasoning(messages, true)).toEqual(["two"]);
  const many = Array.from({ length: 100 }, (_, at) => part(`${at}`));
  expect(unheardReasoning([assistant(...many)], false)).toHaveLength(40);
});

test("an answer that is nothing but thinking vanishes from an injected history", () => {
  const messages = encode([
    user(text("a")),
    assistant({ type: "reasoning", text: "hm", signature: "s" }),
    user(text("b")),
  ]);
  expect(messages).toHaveLength(3);
  expect(withoutThinking(messages)).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    },
  ]);
});
