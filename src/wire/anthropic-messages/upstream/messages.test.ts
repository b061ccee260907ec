import { describe, expect, test } from "bun:test";

import type { Message, Part } from "#core/request.ts";

import { encodeMessages } from "./messages.ts";

const PNG = "iVBORw0KGgoAAAANSUhEUg==";
const user = (...content: readonly Part[]): Message => ({ role: "user", content });
const assistant = (...content: readonly Part[]): Message => ({ role: "assistant", content });
const text = (value: string): Part => ({ type: "text", text: value });
const encode = (messages: readonly Message[]) => encodeMessages({ messages }, (name) => name);
const encodeOne = (part: Part) => encode([user(part)])[0]?.content[0];

describe("messages", () => {
  test("keep their roles, and neighbours of one role become one", () => {
    expect(encode([user(text("a")), user(text("b")), assistant(text("c")), user(text("d"))])).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      { role: "assistant", content: [{ type: "text", text: "c" }] },
      { role: "user", content: [{ type: "text", text: "d" }] },
    ]);
  });

  test("may begin with the assistant's", () => {
    expect(encode([assistant(text("hello")), user(text("hi"))]).map(({ role }) => role)).toEqual(["assistant", "user"]);
  });

  test("that say nothing are left out, and then the neighbours meet", () => {
    expect(encode([user(text("a")), assistant(text("")), user(text("b"))])).toHaveLength(1);
  });

  test("of the system in the middle become tagged text of the user", () => {
    const late: Message = { role: "system", content: [text("be brief")] };
    expect(encode([user(text("a")), assistant(text("b")), late, user(text("c"))]).at(-1)).toEqual({
      role: "user",
      content: [
        { type: "text", text: "<system-message>\nbe brief\n</system-message>" },
        { type: "text", text: "c" },
      ],
    });
  });

  test("put tool results before what else the user says", () => {
    const result: Part = { type: "tool-result", callId: "t", content: [text("r")], isError: false };
    expect(encode([user(text("a"), result)])[0]?.content.map(({ type }) => type)).toEqual(["tool_result", "text"]);
  });

  test("without any content are refused", () => {
    expect(() => encode([user(text(""))])).toThrow(expect.objectContaining({ kind: "invalid-request" }));
  });
});

describe("content", () => {
  test.each([
    [
      { type: "image", source: { type: "base64", mediaType: "image/png", data: PNG } },
      { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
    ],
    [
      { type: "image", source: { type: "url", url: "https://x/y.png" } },
      { type: "image", source: { type: "url", url: "https://x/y.png" } },
    ],
    [
      { type: "document", source: { type: "file", fileId: "file_1" }, title: "t", context: "c" },
      { type: "document", source: { type: "file", file_id: "file_1" }, title: "t", context: "c" },
    ],
    [
      { type: "reasoning", text: "hm", signature: "s" },
      { type: "thinking", thinking: "hm", signature: "s" },
    ],
    [
      { type: "raw", wireFormat: "anthropic-messages", value: { type: "search_result", title: "x" } },
      { type: "search_result", title: "x" },
    ],
  ] as const)("%o is %o on the wire", (part, expected) => {
    expect(encodeOne(part)).toEqual(expected);
  });

  test.each([
    { type: "image", source: { type: "base64", mediaType: "image/png", data: "!!notbase64" } },
    { type: "image", source: { type: "base64", mediaType: "image/png", data: "aGVsbG8=" } },
    { type: "document", source: { type: "base64", mediaType: "application/pdf", data: "" } },
    { type: "raw", wireFormat: "openai-chat", value: { type: "input_audio" } },
  ] as const)("%o is refused by name", (part) => {
    expect(() => encode([user(text("a"), part)])).toThrow(
      expect.objectContaining({
        kind: "invalid-request",
        options: expect.objectContaining({ param: "messages[0].content[1]" }),
      }),
    );
  });
});
