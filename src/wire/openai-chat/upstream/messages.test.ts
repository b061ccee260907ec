import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import type { Message, Part } from "#core/request.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";
import { decodeRequest } from "#wire/openai-chat/request.ts";
import { anyConversation, requestOf } from "#wire/testing/conversations.ts";

import { openaiChatUpstream } from "./index.ts";
import { encodeMessages } from "./messages.ts";

const user = (...content: readonly Part[]): Message => ({ role: "user", content });
const assistant = (...content: readonly Part[]): Message => ({ role: "assistant", content });
const text = (value: string): Part => ({ type: "text", text: value });
const call = (callId: string, toolName = "now"): Part => ({ type: "tool-call", callId, toolName, input: { a: 1 } });
const result = (callId: string, ...content: readonly Part[]): Part => ({
  type: "tool-result",
  callId,
  content,
  isError: false,
});
const image: Part = { type: "image", source: { type: "base64", mediaType: "image/png", data: "iVBORw0KGgo=" } };
const encode = (messages: readonly Message[], more: Partial<UpstreamRequest> = {}) =>
  encodeMessages(requestOf({ messages, ...more }));
const wire = (...messages: readonly Message[]) => encode(messages).messages;

test("a conversation that the format can carry is read back as it was", () => {
  fc.assert(
    fc.property(anyConversation, (conversation) => {
      const { body } = openaiChatUpstream.encodeRequest(requestOf({ ...conversation, model: "gpt-4o" }));
      const { system, messages } = decodeRequest(JSON.parse(JSON.stringify(body)));
      expect({ system, messages }).toEqual(conversation);
    }),
    { numRuns: 50 },
  );
});

describe("instructions", () => {
  const late: Message = { role: "system", content: [text("be brief")] };

  test("are one message at the beginning", () => {
    expect(encode([user(text("a"))], { system: ["one", "two"] }).messages[0]).toEqual({
      role: "system",
      content: "one\n\ntwo",
    });
  });

  test("that come late stand where they are for OpenAI's models, and are the user's words for others", () => {
    const messages = [user(text("a")), late];
    expect(encode(messages, { model: "gpt-5.2" }).messages[1]).toEqual({ role: "system", content: "be brief" });
    expect(encode(messages, { model: "qwen3.8-27b" }).messages).toEqual([
      { role: "user", content: "a\n\n<system-message>\nbe brief\n</system-message>" },
    ]);
  });
});

test("an answer that Anthropic's client has begun is a message that is over, and named", () => {
  const messages = [user(text("a")), assistant(text("b"))];
  expect(encode(messages, { wireFormat: "anthropic-messages" }).ignoredFields).toEqual(["messages[1]"]);
  expect(encode(messages, { wireFormat: "openai-chat" }).ignoredFields).toEqual([]);
});

describe("content", () => {
  test("is a text where it is nothing else", () => {
    expect(wire(user(text("a"), text("b")))).toEqual([{ role: "user", content: "a\n\nb" }]);
  });

  test.each<[Part, Readonly<Record<string, unknown>>]>([
    [image, { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }],
    [
      { type: "image", source: { type: "url", url: "https://x/y.png" } },
      { type: "image_url", image_url: { url: "https://x/y.png" } },
    ],
    [
      { type: "document", source: { type: "base64", mediaType: "application/pdf", data: "JVBERi0=" } },
      { type: "file", file: { filename: "document.pdf", file_data: "data:application/pdf;base64,JVBERi0=" } },
    ],
  ])("%j is %j on the wire", (part, expected) => {
    expect(wire(user(part))).toEqual([{ role: "user", content: [expected] }]);
  });

  test("of a text document is a text", () => {
    const source = { type: "text", mediaType: "text/plain", text: "words" } as const;
    expect(wire(user({ type: "document", source, title: "notes", context: "of mine" }))).toEqual([
      { role: "user", content: '<document title="notes">\nof mine\n\nwords\n</document>' },
    ]);
  });

  test("beside a PDF that says what it is for is a text", () => {
    const source = { type: "base64", mediaType: "application/pdf", data: "JVBERi0=" } as const;
    const [message] = wire(user({ type: "document", source, title: "a.pdf", context: "of mine" }));
    expect(message?.content).toMatchObject([
      { type: "text", text: "of mine" },
      { type: "file", file: { filename: "a.pdf" } },
    ]);
  });

  test("of a file that the vendor has is its id", () => {
    const part: Part = { type: "document", source: { type: "file", fileId: "file-1" } };
    expect(encode([user(part)], { wireFormat: "openai-responses" }).messages[0]?.content).toEqual([
      { type: "file", file: { file_id: "file-1" } },
    ]);
  });

  test.each<[string, Part]>([
    ["a file of another vendor", { type: "document", source: { type: "file", fileId: "file_1" } }],
    ["a document by its URL", { type: "document", source: { type: "url", url: "https://x/y.pdf" } }],
    ["an image by its id", { type: "image", source: { type: "file", fileId: "file_1" } }],
    ["a block of another format", { type: "raw", wireFormat: "anthropic-messages", value: { type: "search_result" } }],
  ])("that is %s is refused by name, also in a result", (_what, part) => {
    const refusal = (param: string) =>
      expect.objectContaining({ kind: "invalid-request", options: expect.objectContaining({ param }) });
    expect(() => wire(user(text("a"), part))).toThrow(refusal("messages[0].content[1]"));
    expect(() => wire(assistant(call("1")), user(text("a"), result("1", part)))).toThrow(
      refusal("messages[1].content[1]"),
    );
  });

  test("that is not there is refused", () => {
    expect(() => wire(user(text("")))).toThrow(expect.objectContaining({ kind: "invalid-request" }));
  });
});

describe("the assistant's messages", () => {
  test("have null for content where they hold calls alone", () => {
    expect(wire(assistant(call("1")), user(result("1", text("r"))))).toEqual([
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "1", type: "function", function: { name: "now", arguments: '{"a":1}' } }],
      },
      { role: "tool", tool_call_id: "1", content: "r" },
    ]);
  });

  test("are one text, broken where a call was", () => {
    const [message] = wire(assistant(text("a"), text("b"), call("1"), text("c")), user(result("1", text("r"))));
    expect(message?.content).toBe("ab\n\nc");
  });

  test("that would be empty are left out", () => {
    expect(wire(user(text("a")), assistant(text("")), user(text("b")))).toHaveLength(1);
  });

  test("that hold an image are refused by name", () => {
    expect(() => wire(user(text("a")), assistant(image))).toThrow(
      expect.objectContaining({ options: expect.objectContaining({ param: "messages[1].content[0]" }) }),
    );
  });
});

describe("results", () => {
  test("follow their calls at once, with their images behind all of them, and then what else the user says", () => {
    const messages = wire(
      assistant(call("1"), call("2")),
      user(text("well?"), result("1", text("r"), image), result("2", image)),
    );
    expect(messages.slice(1)).toEqual([
      { role: "tool", tool_call_id: "1", content: "r" },
      { role: "tool", tool_call_id: "2", content: "It follows." },
      {
        role: "user",
        content: [
          { type: "text", text: "From the result of the tool call 1:" },
          { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
          { type: "text", text: "From the result of the tool call 2:" },
          { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
          { type: "text", text: "well?" },
        ],
      },
    ]);
  });

  test("of a failure say so, and none says that", () => {
    const failed: Part = { type: "tool-result", callId: "1", content: [text("no")], isError: true };
    const messages = wire(assistant(call("1"), call("2"), call("3")), user(failed, result("2")));
    expect(messages.slice(1).map(({ tool_call_id: id, content }) => [id, content])).toEqual([
      ["3", "Error: This tool was not run."],
      ["1", "Error: no"],
      ["2", "(no output)"],
    ]);
  });

  test("and calls share an id that OpenAI takes", () => {
    const long = `toolu_${"x".repeat(80)}`;
    const [called, answered] = wire(assistant(call(long)), user(result(long, text("r"))));
    const id = answered?.["tool_call_id"];
    expect(id).toHaveLength(40);
    expect(called).toMatchObject({ tool_calls: [{ id }] });
  });
});

describe("earlier reasoning", () => {
  const reasoning: Part = {
    type: "reasoning",
    text: "hm",
    signature: "EqQB",
    field: "messages[1].content[0].thinking",
  };
  const messages = [user(text("a")), assistant(reasoning, call("1")), user(result("1", text("r")))];

  test("is left out, and named", () => {
    const { messages: encoded, ignoredFields } = encode(messages);
    expect(JSON.stringify(encoded)).not.toContain("hm");
    expect(ignoredFields).toEqual(["messages[1].content[0].thinking"]);
  });

  test("is named where its message says nothing else and so is left out", () => {
    const alone = [user(text("a")), assistant(reasoning), user(text("b"))];
    const { messages: encoded, ignoredFields } = encode(alone, { model: "deepseek-v4-pro" });
    expect(encoded).toEqual([{ role: "user", content: "a\n\nb" }]);
    expect(ignoredFields).toEqual(["messages[1].content[0].thinking"]);
  });

  test.each(["deepseek-v4-pro", "deepseek/deepseek-v4.1-flash", "kimi-k3", "mimo-v2.6-pro"])(
    "goes back to %s, which refuses its calls without it",
    (model) => {
      const { messages: encoded, ignoredFields } = encode(messages, { model });
      expect(encoded[1]).toMatchObject({ reasoning_content: "hm", content: null });
      expect(ignoredFields).toEqual([]);
      expect(encode([assistant(call("1")), user(result("1"))], { model }).messages[0]).toMatchObject({
        reasoning_content: "",
      });
    },
  );

  test("goes back to Google's API as the signature of a call; others are said to have none", () => {
    const signed: Part = { type: "reasoning", text: "", signature: "openai-chat:Cs0", field: "f" };
    const signatures = (...parts: readonly Part[]) => {
      const { messages: encoded, ignoredFields } = encode(
        [assistant(...parts), user(result("1", text("r")), result("2", text("r")))],
        { model: "gemini-3.8-flash" },
      );
      return [encoded[0]?.["tool_calls"], ignoredFields];
    };
    expect(signatures(signed, call("1"), call("2"))).toMatchObject([
      [{ extra_content: { google: { thought_signature: "Cs0" } } }, { id: "2" }],
      [],
    ]);
    expect(signatures(call("1"), call("2"), signed)).toMatchObject([
      [{ extra_content: { google: { thought_signature: "Cs0" } } }, { id: "2" }],
      [],
    ]);
    expect(signatures(reasoning, call("1"), call("2"))).toMatchObject([
      [{ extra_content: { google: { thought_signature: "skip_thought_signature_validator" } } }, { id: "2" }],
      ["messages[1].content[0].thinking"],
    ]);
    expect(encode([assistant(signed, call("1")), user(result("1"))]).ignoredFields).toEqual(["f"]);
    const older = encode([assistant(call("1")), user(result("1"))], { model: "gemini-2.5-pro" });
    expect(JSON.stringify(older)).not.toContain("thought_signature");
  });
});
