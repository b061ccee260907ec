import { describe, expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { decodeRequest } from "./request.ts";

const hi = { role: "user" as const, content: "hi" };
const toolUse = { role: "assistant" as const, content: [{ type: "tool_use", id: "t", name: "lookup", input: {} }] };

function messagesOf(messages: object[]) {
  return decodeRequest({ max_tokens: 5, messages }).messages;
}

function partsOf(block: object, role = "user") {
  return messagesOf([{ role, content: [block] }])[0]?.content;
}

function refusalOf(messages: unknown): GatewayError {
  try {
    const { outOfContext } = decodeRequest({ max_tokens: 5, messages });
    if (outOfContext !== undefined) return outOfContext;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("the request was accepted");
}

describe("messages", () => {
  test("of one role in a row become one, results of tools first", () => {
    const result = { type: "tool_result", tool_use_id: "t" };
    expect(
      messagesOf([hi, toolUse, { role: "user", content: "wait" }, { role: "user", content: [result] }]).at(-1),
    ).toEqual({
      role: "user",
      content: [
        { type: "tool-result", callId: "t", content: [], isError: false },
        { type: "text", text: "wait" },
      ],
    });
  });

  test("lose texts that say nothing", () => {
    const empty = { role: "assistant", content: [{ type: "text", text: "" }] };
    expect(messagesOf([hi, empty, hi])).toHaveLength(1);
  });

  test("of the system before the conversation join its instructions", () => {
    const { system, messages } = decodeRequest({
      max_tokens: 5,
      system: "first",
      messages: [{ role: "system", content: "second" }, hi],
    });
    expect({ system, roles: messages.map((message) => message.role) }).toEqual({
      system: ["first", "second"],
      roles: ["user"],
    });
  });
});

describe("blocks", () => {
  test.each<[string, object, object]>([
    [
      "a text document",
      { type: "document", source: { type: "text", media_type: "text/plain", data: "abc" } },
      { type: "document", source: { type: "text", mediaType: "text/plain", text: "abc" } },
    ],
    [
      "a document of plain content",
      { type: "document", source: { type: "content", content: "abc" } },
      { type: "document", source: { type: "text", mediaType: "text/plain", text: "abc" } },
    ],
    [
      "a document at a URL",
      { type: "document", source: { type: "url", url: "https://example.test/a.pdf" } },
      { type: "document", source: { type: "url", url: "https://example.test/a.pdf" } },
    ],
    [
      "an image by id",
      { type: "image", source: { type: "file", file_id: "f1" } },
      { type: "image", source: { type: "file", fileId: "f1" } },
    ],
  ])("%s", (_title, block, part) => {
    expect(partsOf(block)).toMatchObject([part]);
  });

  test.each<[string, object]>([
    ["of a type not modelled here", { type: "search_result", source: "s", title: "t", content: [] }],
    [
      "of a document to be cited",
      { type: "document", source: { type: "url", url: "https://e.test/" }, citations: { enabled: true } },
    ],
    [
      "of a document in blocks",
      { type: "document", source: { type: "content", content: [{ type: "text", text: "a" }] } },
    ],
  ])("%s are kept whole", (_title, block) => {
    expect(partsOf(block)).toEqual([{ type: "raw", wireFormat: "anthropic-messages", value: block }]);
  });

  test("inside a tool result are decoded like others", () => {
    const content = [
      { type: "text", text: "a" },
      { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
      { type: "tool_reference", tool_name: "x" },
    ];
    const result = { type: "tool_result", tool_use_id: "t", content };
    expect(messagesOf([hi, toolUse, { role: "user", content: [result] }])[2]?.content).toMatchObject([
      { content: [{ type: "text" }, { type: "image" }, { type: "raw" }] },
    ]);
  });
});

describe("what is wrong is refused by name", () => {
  const user = (...content: unknown[]) => [{ role: "user", content }];
  const block = "messages[0].content[0]";

  test.each<[string, unknown, string, string]>([
    [
      "an unknown role",
      [{ role: "bot", content: "x" }],
      "messages[0].role",
      '"user", "assistant" or "system", got "bot"',
    ],
    ["content of a wrong type", [{ role: "user", content: 5 }], "messages[0].content", "a string or an array, got 5"],
    ["an empty message", [{ role: "user", content: "" }], "messages[0].content", "at least one content block"],
    ["only instructions", [{ role: "system", content: "x" }], "messages", "Add a user message."],
    ["a block without a type", user({}), `${block}.type`, "required, but missing"],
    ["a block that is none", user(5), block, "an object, got 5"],
    ["a text without text", user({ type: "text" }), `${block}.text`, "required, but missing"],
    [
      "an image without data",
      user({ type: "image", source: { type: "base64", media_type: "image/png" } }),
      `${block}.source.data`,
      "required",
    ],
    [
      "an image of another type",
      user({ type: "image", source: { type: "base64", media_type: "image/tiff", data: "AAAA" } }),
      `${block}.source.media_type`,
      '"image/webp", got "image/tiff"',
    ],
    [
      "data that is no base64",
      user({ type: "image", source: { type: "base64", media_type: "image/png", data: "%%" } }),
      `${block}.source.data`,
      "base64",
    ],
    [
      "a path for an image",
      user({ type: "image", source: { type: "url", url: "file:///etc/passwd" } }),
      `${block}.source.url`,
      "http(s) URL",
    ],
    [
      "an unknown source",
      user({ type: "image", source: { type: "disk" } }),
      `${block}.source.type`,
      '"base64", "url" or "file", got "disk"',
    ],
    [
      "a result of no call",
      user({ type: "tool_result", tool_use_id: "x" }),
      `${block}.tool_use_id`,
      "Send the whole conversation, or name its session.",
    ],
    [
      "a call by the user",
      user({ type: "tool_use", id: "x", name: "y", input: {} }),
      `${block}.type`,
      'a user message may hold, got "tool_use"',
    ],
    [
      "a call with input as text",
      [hi, { role: "assistant", content: [{ type: "tool_use", id: "x", name: "y", input: "{}" }] }],
      "messages[1].content[0].input",
      "an object",
    ],
    [
      "a broken block in a result",
      user({ type: "tool_result", tool_use_id: "x", content: [{ type: "text" }] }),
      `${block}.content[0].text`,
      "required",
    ],
  ])("%s", (_title, messages, param, explanation) => {
    const error = refusalOf(messages);
    expect({ kind: error.kind, param: error.options.param }).toEqual({ kind: "invalid-request", param });
    expect(error.explanation).toContain(explanation);
  });
});
