/** Bodies that neither API would take, each with the field at fault as the refusal must name it. */
import type { WireFormat } from "./ask-all.ts";

export interface Malformed {
  /** `<field>: <value>`, for the test's title. */
  readonly name: string;
  readonly text: string;
  /** Begins what the refusal names; undefined where it may name anything. */
  readonly param: string | undefined;
}

export const paths: Readonly<Record<WireFormat, string>> = {
  "openai-chat": "/v1/chat/completions",
  "anthropic-messages": "/v1/messages",
};

const user = { role: "user", content: "hi" };
export const valid: Readonly<Record<WireFormat, Readonly<Record<string, unknown>>>> = {
  "openai-chat": { model: "sonnet", messages: [user] },
  "anthropic-messages": { model: "sonnet", max_tokens: 100, messages: [user] },
};

/** Of a field, each wrong value in place of a right one. */
type Wrong = readonly [field: string, ...values: readonly unknown[]];

const notAList = [{}, "x", 1, true];
const notAText = [{}, [], 1, true];
const notATruth = ["yes", 1, {}, []];
const notANumber = ["1", true, {}, []];

const bothFormats: readonly Wrong[] = [
  ["model", ...notAText],
  ["messages", undefined, null, ...notAList, [], [null], [1], ["x"], [[]], [{}]],
  ["messages[0].role", ...[undefined, null, 1, "", "robot", "User"].map((role) => [{ ...user, role }])],
  ["messages[0].content", ...[1, true, {}].map((content) => [{ ...user, content }])],
  ["messages[0].content[0]", ...[null, 1, "x", {}, { type: 1 }].map(inContent)],
  ["messages[0].content[0].text", ...[undefined, null, 1, {}].map((text) => inContent({ type: "text", text }))],
  // Nothing to answer.
  ["messages", [{ role: "system", content: "be brief" }]],
  ["messages", [{ role: "user", content: "" }], [{ role: "user", content: [] }]],
  // An answer that has begun.
  ["messages", [user, { role: "assistant", content: "I" }]],
  ["stream", ...notATruth],
  ["temperature", ...notANumber, -0.1, Infinity],
  ["top_p", ...notANumber, -0.1, 1.1],
  ["top_k", ...notANumber, -1, 1.5],
  ["thinking", 1, [], {}, { type: "maybe" }, { type: "enabled" }, { type: "enabled", budget_tokens: 0 }],
  ["tool_choice", 1, [], {}, { type: "maybe" }],
  ["tools", ...notAList, [null], [1]],
  ["service_tier", ...notAText],
];

const chat: readonly Wrong[] = [
  ["messages[0].content", [{ role: "user", content: null }], [{ role: "user" }]],
  [
    "messages[0].content[0]",
    ...[
      { type: "video" },
      { type: "image_url" },
      { type: "image_url", image_url: "https://x/y.png" },
      { type: "image_url", image_url: {} },
      { type: "image_url", image_url: { url: 1 } },
      { type: "image_url", image_url: { url: "" } },
      { type: "image_url", image_url: { url: "file:///etc/passwd" } },
      { type: "image_url", image_url: { url: "data:image/png,plain" } },
      { type: "image_url", image_url: { url: "data:image/svg+xml;base64,AAAA" } },
      { type: "image_url", image_url: { url: "data:image/png;base64,!!!" } },
      { type: "file" },
      { type: "file", file: {} },
      { type: "file", file: { file_data: "AAAA" } },
      { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
    ].map(inContent),
  ],
  [
    "messages[1]",
    ...[
      { role: "tool", content: "42" },
      { role: "tool", tool_call_id: 1, content: "42" },
      { role: "tool", tool_call_id: "call_nobody_made", content: "42" },
      { role: "assistant", tool_calls: "x" },
      { role: "assistant", tool_calls: [{}] },
      { role: "assistant", tool_calls: [{ id: "1", function: { name: "f", arguments: {} } }] },
      { role: "assistant", tool_calls: [{ id: "1", function: { name: "f", arguments: "{" } }] },
      { role: "assistant", tool_calls: [{ id: "1", function: { name: "f", arguments: "[]" } }] },
    ].map((message) => [user, message, user]),
  ],
  ["stream_options", "x", 1, true, { include_usage: "yes" }],
  ["max_tokens", ...notANumber, 0, -1, 1.5, Infinity],
  ["max_completion_tokens", ...notANumber, 0, -1, 1.5],
  ["temperature", 2.1],
  ["n", ...notANumber, 0, 2, 1.5],
  ["stop", 1, {}, [1]],
  ["reasoning_effort", ...notAText, "extreme"],
  ["tools", [{ type: "function" }], [{ type: "function", function: { name: "" } }], [{ type: "retrieval" }]],
  ["parallel_tool_calls", ...notATruth],
  ["response_format", 1, "json", [], {}, { type: "yaml" }, { type: "json_schema" }],
  ["user", ...notAText],
  ["safety_identifier", ...notAText],
];

const messages: readonly Wrong[] = [
  ["max_tokens", undefined, null, ...notANumber, 0, -1, 1.5, Infinity],
  ["messages[0].content", [{ role: "user", content: null }], [{ role: "user" }]],
  ["system", 1, true, {}, [1], ["x"], [{ type: "image" }], [{ type: "text" }]],
  [
    "messages[0].content[0]",
    ...[
      { type: "image" },
      { type: "image", source: "x" },
      { type: "image", source: { type: "base64" } },
      { type: "image", source: { type: "base64", media_type: "image/bmp", data: "AAAA" } },
      { type: "image", source: { type: "base64", media_type: "image/png", data: "!!!" } },
      { type: "image", source: { type: "url", url: "file:///etc/passwd" } },
      { type: "image", source: { type: "carrier-pigeon" } },
      { type: "document" },
      { type: "document", source: { type: "text" } },
      { type: "tool_use", id: "1", name: "f", input: {} },
      { type: "thinking", thinking: "hm" },
      { type: "tool_result" },
      { type: "tool_result", tool_use_id: "toolu_nobody_made", content: "42" },
    ].map(inContent),
  ],
  [
    "messages[1].content[0]",
    ...[
      { type: "tool_use" },
      { type: "tool_use", id: "", name: "f", input: {} },
      { type: "tool_use", id: "1", name: "f", input: "{}" },
      { type: "tool_use", id: "1", name: "f" },
      { type: "thinking" },
      { type: "redacted_thinking" },
      { type: "tool_result", tool_use_id: "1", content: "42" },
    ].map((block) => [user, { role: "assistant", content: [block] }, user]),
  ],
  ["temperature", 1.1],
  ["stop_sequences", 1, "x", {}, [1]],
  ["output_config", 1, "x", { effort: "extreme" }, { format: 1 }, { format: { type: "yaml" } }],
  ["tools", [{ name: "f" }], [{ input_schema: {} }], [{ name: "f", input_schema: "x" }]],
  ["metadata", 1, "x", { user_id: 1 }],
];

function inContent(block: unknown): readonly unknown[] {
  return [{ role: "user", content: [block] }];
}

export function malformedBodies(wireFormat: WireFormat): readonly Malformed[] {
  const rows = [...bothFormats, ...(wireFormat === "openai-chat" ? chat : messages)];
  return rows.flatMap(([field, ...values]) =>
    values.map((value) => {
      const [key = ""] = field.split(/[[.]/, 1);
      const tool = key === "tool_choice" ? { tools: someTool(wireFormat) } : {};
      return {
        name: `${field}: ${value === undefined ? "missing" : textOf(value)}`,
        text: textOf({ ...valid[wireFormat], ...tool, [key]: value }),
        param: field,
      };
    }),
  );
}

/** JSON has no word for infinity, but a number that overflows to it. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (inner === Infinity ? "∞" : inner)).replaceAll('"∞"', "1e400");
}

function someTool(wireFormat: WireFormat): readonly unknown[] {
  if (wireFormat === "openai-chat") return [{ type: "function", function: { name: "f" } }];
  return [{ name: "f", input_schema: { type: "object" } }];
}

/** Texts that are no JSON object at all. */
export const malformedTexts: readonly (readonly [name: string, body: string | Uint8Array])[] = [
  ["nothing", ""],
  ["blanks", " \n\t "],
  ["a byte order mark alone", "\uFEFF"],
  ["an open bracket", "{"],
  ["a list", "[]"],
  ["null", "null"],
  ["a number", "42"],
  ["a text", '"x"'],
  ["an empty object", "{}"],
  ["a trailing comma", '{"model":"sonnet",}'],
  ["single quotes", "{'model':'sonnet'}"],
  ["no quotes", "{model:1}"],
  ["a comment", '{"model":"sonnet" /* or opus */}'],
  ["two objects", '{"messages":[]}{"messages":[]}'],
  ["NaN", '{"temperature":NaN}'],
  ["an unclosed text", '{"model":"son'],
  ["a raw line break in a text", '{"model":"a\nb"}'],
  ["a bad escape", '{"model":"\\x"}'],
  ["NUL bytes", "\u0000\u0000\u0000"],
  ["a form", "model=sonnet&messages=hi"],
  ["multipart", '--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nsonnet\r\n--x--\r\n'],
  ["HTML", "<html></html>"],
  ["100,000 open brackets", "[".repeat(100_000)],
  ["100,000 open objects", '{"a":'.repeat(100_000)],
  ["100,000 nested lists", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["5,000 nested objects in a field", `{"messages":[],"x":${'{"a":'.repeat(5000)}1${"}".repeat(5000)}}`],
  ["a number of 100,000 digits", `{"messages":[],"max_tokens":${"9".repeat(100_000)}}`],
  ["only a prototype", '{"__proto__":{"messages":[{"role":"user","content":"hi"}],"max_tokens":1}}'],
  ["bytes that are no UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d)],
  ["a torn character", Uint8Array.of(0x22, 0xf0, 0x9f, 0x92)],
  ["an overlong character", Uint8Array.of(0x22, 0xc0, 0xaf, 0x22)],
  ["UTF-16", new Uint8Array(Buffer.from('\uFEFF{"messages":[]}', "utf16le"))],
];
