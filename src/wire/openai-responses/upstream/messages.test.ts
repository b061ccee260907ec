import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import type { Message, Part, ToolDefinition } from "#core/request.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";
import { decodeRequest } from "#wire/openai-responses/request.ts";
import { encodeResponse } from "#wire/openai-responses/response.ts";
import { anyConversation, requestOf } from "#wire/testing/conversations.ts";

import { openaiResponsesUpstream } from "./index.ts";
import { encodeItems } from "./messages.ts";

const user = (...content: readonly Part[]): Message => ({ role: "user", content });
const assistant = (...content: readonly Part[]): Message => ({ role: "assistant", content });
const text = (value: string): Part => ({ type: "text", text: value });
const call = (callId: string, toolName = "now", input: unknown = { a: 1 }): Part => ({
  type: "tool-call",
  callId,
  toolName,
  input,
});
const result = (callId: string, ...content: readonly Part[]): Part => ({
  type: "tool-result",
  callId,
  content,
  isError: false,
});
const image: Part = { type: "image", source: { type: "base64", mediaType: "image/png", data: "iVBORw0KGgo=" } };
const encode = (messages: readonly Message[], more: Partial<UpstreamRequest> = {}) =>
  encodeItems(requestOf({ messages, ...more }));
const items = (...messages: readonly Message[]) => encode(messages).input;

test("a conversation that the format can carry is read back as it was", () => {
  fc.assert(
    fc.property(anyConversation, (conversation) => {
      const { body } = openaiResponsesUpstream.encodeRequest(requestOf({ ...conversation, model: "gpt-4o" }));
      const { system, messages } = decodeRequest(JSON.parse(JSON.stringify(body)));
      expect({ system, messages }).toEqual(conversation);
    }),
    { numRuns: 50 },
  );
});

test("instructions that come late stand where they are for OpenAI's models, and are the user's words for others", () => {
  const messages: readonly Message[] = [user(text("a")), { role: "system", content: [text("be brief")] }];
  expect(encode(messages, { model: "gpt-5.2" }).input[1]).toMatchObject({ role: "developer" });
  expect(encode(messages, { model: "qwen3.8-27b" }).input).toEqual([
    {
      type: "message",
      role: "user",
      content: [
        { type: "input_text", text: "a" },
        { type: "input_text", text: "<system-message>\nbe brief\n</system-message>" },
      ],
    },
  ]);
});

test("an answer that Anthropic's client has begun is a message that is over, and named", () => {
  const messages = [user(text("a")), assistant(text("b"))];
  expect(encode(messages, { wireFormat: "anthropic-messages" }).ignoredFields).toEqual(["messages[1]"]);
  expect(encode(messages, { wireFormat: "openai-chat" }).ignoredFields).toEqual([]);
});

describe("content", () => {
  test.each<[Part, Readonly<Record<string, unknown>>]>([
    [image, { type: "input_image", detail: "auto", image_url: "data:image/png;base64,iVBORw0KGgo=" }],
    [
      { type: "image", source: { type: "url", url: "https://x/y.png" } },
      { type: "input_image", detail: "auto", image_url: "https://x/y.png" },
    ],
    [
      { type: "document", source: { type: "base64", mediaType: "application/pdf", data: "JVBERi0=" } },
      { type: "input_file", filename: "document.pdf", file_data: "data:application/pdf;base64,JVBERi0=" },
    ],
    [
      { type: "document", source: { type: "url", url: "https://x/y.pdf" }, title: "y.pdf" },
      { type: "input_file", filename: "y.pdf", file_url: "https://x/y.pdf" },
    ],
    [
      { type: "document", source: { type: "text", mediaType: "text/plain", text: "words" }, title: "notes" },
      { type: "input_text", text: '<document title="notes">\nwords\n</document>' },
    ],
  ])("%j is %j on the wire", (part, expected) => {
    expect(items(user(part))).toEqual([{ type: "message", role: "user", content: [expected] }]);
  });

  test("of files that the vendor has is their ids", () => {
    const source = { type: "file", fileId: "file-1" } as const;
    const message = user({ type: "image", source }, { type: "document", source });
    expect(encode([message], { wireFormat: "openai-chat" }).input[0]).toMatchObject({
      content: [
        { type: "input_image", file_id: "file-1" },
        { type: "input_file", file_id: "file-1" },
      ],
    });
  });

  test.each<[string, Part]>([
    ["a file of another vendor", { type: "document", source: { type: "file", fileId: "file_1" } }],
    ["an image of another vendor", { type: "image", source: { type: "file", fileId: "file_1" } }],
    ["a block of another format", { type: "raw", wireFormat: "anthropic-messages", value: { type: "search_result" } }],
  ])("that is %s is refused by name, also in a result", (_what, part) => {
    const refusal = (param: string) =>
      expect.objectContaining({ kind: "invalid-request", options: expect.objectContaining({ param }) });
    expect(() => items(user(text("a"), part))).toThrow(refusal("messages[0].content[1]"));
    expect(() => items(assistant(call("1")), user(result("1", part)))).toThrow(refusal("messages[1].content[0]"));
  });

  test("that is not there is refused", () => {
    expect(() => items(user(text("")))).toThrow(expect.objectContaining({ kind: "invalid-request" }));
  });
});

describe("what the assistant did", () => {
  test("stands in its order, texts together", () => {
    const [first, second, third] = items(assistant(text("a"), text("b"), call("1"), text("c")), user(result("1")));
    expect([first, second, third]).toEqual([
      {
        type: "message",
        role: "assistant",
        content: [
          { type: "output_text", text: "a" },
          { type: "output_text", text: "b" },
        ],
      },
      { type: "function_call", call_id: "1", name: "now", arguments: '{"a":1}' },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "c" }] },
    ]);
  });

  test("and what came of it share an id that OpenAI takes", () => {
    const long = `toolu_${"x".repeat(80)}`;
    const [called, answered] = items(assistant(call(long)), user(result(long)));
    expect(called?.["call_id"]).toHaveLength(64);
    expect(answered?.["call_id"]).toBe(called?.["call_id"]);
  });

  test("with a tool of the client's API is told in its own words", () => {
    const tool = (name: string, declaredAs: ToolDefinition["declaredAs"]): ToolDefinition => ({
      name,
      inputSchema: {},
      ...(declaredAs && { declaredAs }),
    });
    const tools = [
      tool("fs__patch", { name: "patch", namespace: "fs", kind: "custom" }),
      tool("fs__read", { name: "read", namespace: "fs", kind: "function" }),
    ];
    const messages = [
      assistant(call("1", "fs__patch", { input: "*** Begin" }), call("2", "fs__read"), call("3", "wetter.für")),
      user(result("1", text("r")), result("2", text("r")), result("3", text("r"))),
    ];
    expect(encode(messages, { features: { tools } }).input).toMatchObject([
      { type: "custom_tool_call", call_id: "1", name: "patch", namespace: "fs", input: "*** Begin" },
      { type: "function_call", call_id: "2", name: "read", namespace: "fs", arguments: '{"a":1}' },
      { type: "function_call", name: expect.stringMatching(/^wetter_f_r_[0-9a-f]{8}$/) },
      { type: "custom_tool_call_output", call_id: "1", output: "r" },
      { type: "function_call_output", call_id: "2", output: "r" },
      { type: "function_call_output", call_id: "3", output: "r" },
    ]);
  });

  test("comes with its results before what else the user says, images and failures too", () => {
    const failed: Part = { type: "tool-result", callId: "2", content: [text("no")], isError: true };
    const encoded = items(
      assistant(call("1"), call("2"), call("3")),
      user(text("well?"), result("1", text("r"), image), failed),
    );
    expect(encoded.slice(3)).toEqual([
      { type: "function_call_output", call_id: "3", output: "Error: This tool was not run." },
      {
        type: "function_call_output",
        call_id: "1",
        output: [
          { type: "input_text", text: "r" },
          { type: "input_image", detail: "auto", image_url: "data:image/png;base64,iVBORw0KGgo=" },
        ],
      },
      { type: "function_call_output", call_id: "2", output: "Error: no" },
      { type: "message", role: "user", content: [{ type: "input_text", text: "well?" }] },
    ]);
  });
});

describe("earlier reasoning", () => {
  const own: Part = { type: "reasoning", text: "hm", signature: "openai-responses:rs_1:gA:A=", field: "own" };
  const foreign: Part = { type: "reasoning", text: "ah", signature: "EqQB", field: "foreign" };
  const chats: Part = { type: "reasoning", text: "", signature: "openai-chat:Cs0", field: "chats" };

  test("of this API goes back as it was sealed; another's is left out, and named", () => {
    const { input, ignoredFields } = encode([
      user(text("a")),
      assistant(own, foreign, chats, text("b")),
      user(text("c")),
    ]);
    expect(input.slice(1, -1)).toEqual([
      {
        type: "reasoning",
        id: "rs_1",
        summary: [{ type: "summary_text", text: "hm" }],
        encrypted_content: "gA:A=",
      },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "b" }] },
    ]);
    expect(ignoredFields).toEqual(["foreign", "chats"]);
  });

  test("that nothing follows is left out, and named", () => {
    const last = { ...own, field: "last" };
    const alone = assistant({ ...own, field: "alone" });
    const { input, ignoredFields } = encode([
      user(text("a")),
      assistant(own, text("b"), last, text("")),
      user(text("c")),
      alone,
      user(text("d")),
    ]);
    expect(input.map((item) => item["type"])).toEqual(["message", "reasoning", "message", "message"]);
    expect(ignoredFields).toEqual(["last", "alone"]);
  });

  test("is shown to models that want to see it", () => {
    const { input, ignoredFields } = encode([user(text("a")), assistant(foreign, text("b")), user(text("c"))], {
      model: "deepseek-flash",
    });
    expect(input[1]).toEqual({ type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "ah" }] });
    expect(ignoredFields).toEqual([]);
  });

  test("finds its way back through a client of our own Responses API", () => {
    const item = {
      type: "reasoning",
      id: "rs_1",
      summary: [{ type: "summary_text", text: "hm" }],
      encrypted_content: "gAAA",
    };
    const answered = {
      type: "message",
      id: "msg_1",
      role: "assistant",
      content: [{ type: "output_text", text: "so" }],
    };
    const body = { object: "response", id: "resp_1", model: "m", status: "completed", output: [item, answered] };
    const shown = encodeResponse(
      {
        responseId: "resp_1",
        model: "m",
        content: [
          { type: "reasoning", text: "hm", signature: "openai-responses:rs_1:gAAA" },
          { type: "text", text: "so", citations: [] },
        ],
        finish: { type: "finish", reason: "stop", usage: usageIn(body), steps: 1 },
      },
      { requestId: "req_1", includeUsage: true, createdAt: 0 },
    );
    const input = [{ role: "user", content: "a" }, ...shown.output, { role: "user", content: "b" }];
    const { messages } = decodeRequest(JSON.parse(JSON.stringify({ model: "m", input })));
    expect(encode(messages).input[1]).toEqual(item);
  });

  function usageIn(body: unknown) {
    const last = openaiResponsesUpstream.decodeResponse(body).at(-1);
    if (last?.type !== "finish") throw new Error("It has no end.");
    return last.usage;
  }
});
