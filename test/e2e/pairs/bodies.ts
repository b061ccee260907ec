/** Requests in the words of their format, with all that one can ask for, and what of it arrives on each backend. */
import { expect } from "bun:test";

import type { WireFormatId } from "#core/request.ts";

import { pdf } from "../support/media.ts";
import type { BackendName } from "./backends.ts";
import type { ContentCase } from "./table.ts";

const schema = { type: "object", properties: { n: { type: "number" } } };
const hello = [{ role: "user", content: "Hello." }];

/** All that a request of the format can ask for, beside what is said in it. */
const everything: Readonly<Record<WireFormatId, object>> = {
  "anthropic-messages": {
    system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
    max_tokens: 3000,
    temperature: 0.5,
    top_p: 0.9,
    top_k: 5,
    stop_sequences: ["x"],
    metadata: { user_id: "somebody" },
    service_tier: "standard_only",
    thinking: { type: "enabled", budget_tokens: 2000 },
    tools: [
      { name: "f", input_schema: schema, defer_loading: true },
      { type: "web_search_20250305", name: "web_search" },
    ],
    tool_choice: { type: "auto", disable_parallel_tool_use: true },
    output_config: { format: { type: "json_schema", schema } },
    container: "c",
    mcp_servers: [{ type: "url", url: "https://mcp.test", name: "m" }],
    context_management: { edits: [{ type: "clear_thinking_20251015" }] },
    future: 1,
  },
  "openai-chat": {
    max_completion_tokens: 3000,
    temperature: 0.5,
    top_p: 0.9,
    top_k: 5,
    stop: ["x"],
    seed: 1,
    logit_bias: { "1": 2 },
    logprobs: true,
    top_logprobs: 2,
    frequency_penalty: 0.5,
    presence_penalty: 0.5,
    user: "somebody",
    metadata: { a: "b" },
    store: true,
    service_tier: "default",
    reasoning_effort: "low",
    parallel_tool_calls: false,
    tools: [{ type: "function", function: { name: "f", parameters: schema, strict: true } }],
    response_format: { type: "json_schema", json_schema: { name: "a", schema } },
    prediction: { type: "content", content: "x" },
    verbosity: "low",
    prompt_cache_key: "k",
    web_search_options: { search_context_size: "low" },
    future: 1,
  },
  "openai-responses": {
    instructions: "Be brief.",
    max_output_tokens: 3000,
    temperature: 0.5,
    top_p: 0.9,
    top_logprobs: 2,
    user: "somebody",
    store: false,
    service_tier: "default",
    reasoning: { effort: "low", summary: "auto" },
    parallel_tool_calls: false,
    tools: [
      { type: "function", name: "f", parameters: schema, strict: true },
      { type: "web_search" },
      { type: "custom", name: "patch" },
    ],
    text: { format: { type: "json_schema", name: "a", schema }, verbosity: "low" },
    truncation: "auto",
    include: ["reasoning.encrypted_content"],
    max_tool_calls: 3,
    prompt_cache_key: "k",
    future: 1,
  },
};

/** What of that arrives, in the backend's own words. */
export const arrives: Readonly<Record<BackendName, object>> = {
  "anthropic-messages-api": {
    system: [{ type: "text", text: "Be brief." }],
    max_tokens: 3000,
    metadata: { user_id: "somebody" },
    service_tier: "standard_only",
    thinking: { type: "enabled", budget_tokens: expect.any(Number) },
    tool_choice: { type: "auto", disable_parallel_tool_use: true },
    output_config: { format: { type: "json_schema", schema: expect.objectContaining(schema) } },
  },
  "openai-chat-api": {
    max_tokens: 3000,
    temperature: 0.5,
    top_p: 0.9,
    user: "somebody",
    service_tier: "default",
    reasoning_effort: "low",
    parallel_tool_calls: false,
    response_format: { type: "json_schema", json_schema: { schema } },
  },
  "openai-responses-api": {
    instructions: "Be brief.",
    max_output_tokens: 3000,
    temperature: 0.5,
    top_p: 0.9,
    user: "somebody",
    service_tier: "default",
    reasoning: { effort: "low" },
    parallel_tool_calls: false,
    text: { format: { type: "json_schema", schema } },
  },
  "codex-api": {
    stream: true,
    store: false,
    instructions: "Be brief.",
    service_tier: "default",
    reasoning: { effort: "low" },
    parallel_tool_calls: false,
    text: { format: { type: "json_schema", schema } },
  },
  "claude-cli": {
    system: expect.arrayContaining([expect.objectContaining({ text: expect.stringMatching(/^Be brief\./) })]),
    max_tokens: 3000,
    service_tier: "standard_only",
    thinking: { type: expect.stringMatching(/enabled|adaptive/) },
    tools: expect.arrayContaining(
      ["f", "StructuredOutput"].map((name) => expect.objectContaining({ name, input_schema: schema })),
    ),
    tool_choice: { type: "auto", disable_parallel_tool_use: true },
  },
  "codex-cli": {
    input: expect.arrayContaining([
      expect.objectContaining({ role: "developer", content: [{ type: "input_text", text: "Be brief." }] }),
    ]),
    tools: expect.arrayContaining([expect.objectContaining({ name: "f", parameters: schema })]),
    reasoning: { effort: "low" },
    text: { format: { type: "json_schema", schema: expect.objectContaining(schema) } },
  },
};

/** Thoughts of an earlier answer: Anthropic's, somebody's, OpenAI's. */
export const thoughts: Readonly<Record<WireFormatId, object>> = {
  "anthropic-messages": {
    max_tokens: 99,
    messages: [
      ...hello,
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "c2lnbmVk" },
          { type: "text", text: "Hi." },
        ],
      },
      ...hello,
    ],
  },
  "openai-chat": { messages: [...hello, { role: "assistant", content: "Hi.", reasoning_content: "Hm." }, ...hello] },
  "openai-responses": {
    input: [
      ...hello,
      { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "gAAAAB" },
      { role: "assistant", content: "Hi." },
      ...hello,
    ],
  },
};

const link = "https://files.test/a.png";
const paper = "https://files.test/a.pdf";
const file = "file_1";

/** What a message can hold, by the client's format; where that has no words for it, it is not there. */
export const contents: Readonly<
  Record<ContentCase, Partial<Record<WireFormatId, object>> & { /** It arrives with this. */ readonly mark: string }>
> = {
  imageLink: {
    mark: link,
    "anthropic-messages": { type: "image", source: { type: "url", url: link } },
    "openai-chat": { type: "image_url", image_url: { url: link } },
    "openai-responses": { type: "input_image", detail: "auto", image_url: link },
  },
  document: {
    mark: pdf,
    "anthropic-messages": { type: "document", source: { type: "base64", media_type: "application/pdf", data: pdf } },
    "openai-chat": { type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${pdf}` } },
    "openai-responses": { type: "input_file", filename: "a.pdf", file_data: `data:application/pdf;base64,${pdf}` },
  },
  documentLink: {
    mark: paper,
    "anthropic-messages": { type: "document", source: { type: "url", url: paper } },
    "openai-responses": { type: "input_file", file_url: paper },
  },
  vendorFile: {
    mark: file,
    "anthropic-messages": { type: "document", source: { type: "file", file_id: file } },
    "openai-chat": { type: "file", file: { file_id: file } },
    "openai-responses": { type: "input_file", file_id: file },
  },
  vendorBlock: {
    mark: "search_result",
    "anthropic-messages": { type: "search_result", source: "x", title: "t", content: [{ type: "text", text: "y" }] },
  },
  container: { mark: "container_upload", "anthropic-messages": { type: "container_upload", file_id: file } },
};

const said = (format: WireFormatId, parts: readonly object[]) => [
  {
    role: "user",
    content: [{ type: format === "openai-responses" ? "input_text" : "text", text: "Hello." }, ...parts],
  },
];

/** A message that holds these. */
export const saying = (format: WireFormatId, parts: readonly object[]): object =>
  ({
    "anthropic-messages": { max_tokens: 99, messages: said(format, parts) },
    "openai-chat": { messages: said(format, parts) },
    "openai-responses": { input: said(format, parts), store: false },
  })[format];

/** The same with everything that can be asked for beside. */
export const askingAll = (format: WireFormatId, parts: readonly object[]): object => {
  const instructions = format === "openai-chat" ? [{ role: "developer", content: "Be brief." }] : [];
  const messages = [...instructions, ...said(format, parts)];
  return { ...everything[format], ...(format === "openai-responses" ? { input: messages } : { messages }) };
};
