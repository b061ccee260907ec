/**
 * Anthropic messages as schemas: what validates a request, types what is encoded, and documents both.
 * Requests are loose: fields this file does not name are reported to the client, never refused.
 */
import * as v from "valibot";

import { agentSource } from "#core/agent-act.ts";
import { looseObject } from "#lib/loose-object.ts";

const wholeNumber = v.pipe(
  v.number(),
  v.integer("a whole number of at least 1"),
  v.minValue(1, "a whole number of at least 1"),
);
const fraction = v.pipe(v.number(), v.minValue(0, "a number from 0 to 1"), v.maxValue(1, "a number from 0 to 1"));
const someName = v.pipe(v.string(), v.minLength(1, "a name"));

// ---- request: messages

const textBlock = looseObject({ type: v.literal("text"), text: v.string() });

const base64Source = looseObject({ type: v.literal("base64"), media_type: v.string(), data: v.string() });
const urlSource = looseObject({ type: v.literal("url"), url: v.string() });
const fileSource = looseObject({ type: v.literal("file"), file_id: v.string() });
const mediaSource = v.variant("type", [base64Source, urlSource, fileSource]);

const imageBlock = looseObject({ type: v.literal("image"), source: mediaSource });

const documentBlock = looseObject({
  type: v.literal("document"),
  source: v.variant("type", [
    base64Source,
    urlSource,
    fileSource,
    looseObject({ type: v.literal("text"), media_type: v.string(), data: v.string() }),
    looseObject({
      type: v.literal("content"),
      content: v.union([v.string(), v.array(v.variant("type", [textBlock, imageBlock]))]),
    }),
  ]),
  title: v.nullish(v.string()),
  context: v.nullish(v.string()),
  citations: v.nullish(looseObject({ enabled: v.nullish(v.boolean()) })),
});

const thinkingBlock = looseObject({
  type: v.literal("thinking"),
  thinking: v.string(),
  signature: v.nullish(v.string()),
});
const redactedThinkingBlock = looseObject({ type: v.literal("redacted_thinking"), data: v.string() });
const toolUseBlock = looseObject({
  type: v.literal("tool_use"),
  id: someName,
  name: someName,
  input: looseObject({}),
});

/** Blocks this code does not model travel on as they are; a modelled one that is malformed must not pass as one. */
const modelledTypes = [
  ...["text", "image", "document", "thinking", "redacted_thinking", "tool_use", "tool_result"],
  ...["system_message", "tool_use_sdk", "tool_result_sdk", "result_message"],
];
const otherBlock = looseObject({
  type: v.pipe(v.string(), v.notValues(modelledTypes, "a well-formed content block")),
});

const resultBlock = v.union([v.variant("type", [textBlock, imageBlock, documentBlock]), otherBlock]);
const toolResult = {
  tool_use_id: someName,
  content: v.nullish(v.union([v.string(), v.array(resultBlock)])),
  is_error: v.nullish(v.boolean()),
};
const toolResultBlock = looseObject({ type: v.literal("tool_result"), ...toolResult });

/** What `forward` showed of the agent's doings, as it comes back. */
const agentBlocks = [
  looseObject({ ...toolUseBlock.entries, type: v.literal("tool_use_sdk") }),
  looseObject({ type: v.literal("tool_result_sdk"), ...toolResult }),
  looseObject({ type: v.picklist(["system_message", "result_message"]) }),
] as const;

const ownBlocks = [
  textBlock,
  imageBlock,
  documentBlock,
  thinkingBlock,
  redactedThinkingBlock,
  toolUseBlock,
  toolResultBlock,
] as const;
const modelledBlock = v.variant("type", [...ownBlocks, ...agentBlocks]);

/** What is read of the API's own blocks, by their types. */
export const blockFields: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  ownBlocks.map(({ entries }) => [entries.type.literal, new Set(Object.keys(entries))]),
);

const contentBlock = v.union([modelledBlock, otherBlock]);

const message = looseObject({
  role: v.picklist(["user", "assistant", "system"]),
  content: v.union([v.string(), v.array(contentBlock)]),
});

// ---- request: settings

/** A tool of the client has a schema; one that Anthropic runs has a versioned `type` instead. */
const tool = looseObject({
  type: v.nullish(v.string()),
  name: v.nullish(v.string()),
  description: v.nullish(v.string()),
  input_schema: v.nullish(looseObject({})),
});

const parallel = { disable_parallel_tool_use: v.nullish(v.boolean()) };
const toolChoice = v.variant("type", [
  looseObject({ type: v.picklist(["auto", "any", "none"]), ...parallel }),
  looseObject({ type: v.literal("tool"), name: someName, ...parallel }),
]);

const display = { display: v.nullish(v.string()) };
const thinking = v.variant("type", [
  looseObject({ type: v.literal("enabled"), budget_tokens: wholeNumber, ...display }),
  looseObject({ type: v.picklist(["adaptive", "disabled", "between_tools"]), ...display }),
]);

const outputFormat = looseObject({ type: v.literal("json_schema"), schema: looseObject({}) });

const requestEntries = {
  model: v.nullish(v.string()),
  messages: v.pipe(v.array(message), v.minLength(1, "at least one message")),
  system: v.nullish(v.union([v.string(), v.array(v.variant("type", [textBlock]))])),
  stream: v.nullish(v.boolean()),
  temperature: v.nullish(fraction),
  top_p: v.nullish(fraction),
  top_k: v.nullish(v.pipe(v.number(), v.integer("a whole number"), v.minValue(0, "a whole number of at least 0"))),
  stop_sequences: v.nullish(v.array(v.string())),
  thinking: v.nullish(thinking),
  output_config: v.nullish(
    looseObject({
      effort: v.nullish(v.picklist(["low", "medium", "high", "xhigh", "max"])),
      format: v.nullish(outputFormat),
    }),
  ),
  /** Its place in the beta `structured-outputs-2025-11-13`, where LiteLLM 1.110 and older SDKs still put it. */
  output_format: v.nullish(outputFormat),
  tools: v.nullish(v.array(tool)),
  tool_choice: v.nullish(toolChoice),
  metadata: v.nullish(looseObject({ user_id: v.nullish(v.string()) })),
  service_tier: v.nullish(v.string()),
  session_id: v.nullish(v.pipe(v.string(), v.description("A session of this server to continue or begin."))),
  thread: v.nullish(v.looseObject({ type: v.string() })),
};

export const messagesRequestSchema = v.pipe(
  looseObject({ max_tokens: wholeNumber, ...requestEntries }),
  v.title("CreateMessageRequest"),
  v.description("A messages request. Fields that cannot be honoured are named in X-CCProxy-Ignored-Params."),
);

export const countTokensRequestSchema = v.pipe(
  looseObject({ max_tokens: v.nullish(wholeNumber), ...requestEntries }),
  v.title("CountTokensRequest"),
);

export type CountTokensRequest = v.InferOutput<typeof countTokensRequestSchema>;
export type RequestMessage = v.InferOutput<typeof message>;
export type ContentBlock = v.InferOutput<typeof contentBlock>;
export type ModelledBlock = v.InferOutput<typeof modelledBlock>;

// ---- response

const outputTokensDetails = v.object({ thinking_tokens: v.number() });

const usageSchema = v.pipe(
  v.object({
    input_tokens: v.number(),
    output_tokens: v.number(),
    cache_creation_input_tokens: v.number(),
    cache_read_input_tokens: v.number(),
    cache_creation: v.object({ ephemeral_5m_input_tokens: v.number(), ephemeral_1h_input_tokens: v.number() }),
    output_tokens_details: outputTokensDetails,
    server_tool_use: v.null(),
    service_tier: v.literal("standard"),
    inference_geo: v.null(),
    speed: v.null(),
  }),
  v.title("MessageUsage"),
  v.description("input_tokens counts neither cache reads nor cache writes."),
);

const deltaUsageSchema = v.object({
  input_tokens: v.number(),
  output_tokens: v.number(),
  cache_creation_input_tokens: v.number(),
  cache_read_input_tokens: v.number(),
  output_tokens_details: outputTokensDetails,
  server_tool_use: v.null(),
});

const stopReason = v.picklist([
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "tool_use",
  "pause_turn",
  "refusal",
  "model_context_window_exceeded",
]);
const stopDetails = v.nullable(
  v.object({ type: v.literal("refusal"), category: v.null(), explanation: v.nullable(v.string()) }),
);

const sessionId = v.nullable(v.string());
const source = v.literal(agentSource);

/** What the agent did by itself, for a client that asked for `forward`. */
const actBlocks = [
  v.object({
    type: v.literal("system_message"),
    subtype: v.literal("init"),
    session_id: sessionId,
    model: v.string(),
    source,
  }),
  v.object({
    type: v.literal("tool_use_sdk"),
    id: v.string(),
    name: v.string(),
    input: v.record(v.string(), v.unknown()),
    source,
  }),
  v.object({
    type: v.literal("tool_result_sdk"),
    tool_use_id: v.string(),
    content: v.unknown(),
    is_error: v.boolean(),
    source,
  }),
  v.object({
    type: v.literal("result_message"),
    session_id: sessionId,
    stop_reason: v.string(),
    num_turns: v.number(),
    total_cost_usd: v.nullable(v.number()),
    usage: v.object({
      input_tokens: v.number(),
      output_tokens: v.number(),
      cache_creation_input_tokens: v.number(),
      cache_read_input_tokens: v.number(),
    }),
    source,
  }),
] as const;

const responseBlock = v.variant("type", [
  ...actBlocks,
  v.object({ type: v.literal("text"), text: v.string(), citations: v.nullable(v.array(v.unknown())) }),
  v.object({ type: v.literal("thinking"), thinking: v.string(), signature: v.string() }),
  v.object({ type: v.literal("redacted_thinking"), data: v.string() }),
  v.object({
    type: v.literal("tool_use"),
    id: v.string(),
    name: v.string(),
    input: v.unknown(),
    caller: v.object({ type: v.literal("direct") }),
  }),
]);

export const messageSchema = v.pipe(
  v.object({
    id: v.string(),
    type: v.literal("message"),
    role: v.literal("assistant"),
    model: v.string(),
    content: v.array(responseBlock),
    stop_reason: v.nullable(stopReason),
    stop_sequence: v.nullable(v.string()),
    stop_details: stopDetails,
    container: v.null(),
    diagnostics: v.null(),
    usage: usageSchema,
  }),
  v.title("Message"),
);

export const messageErrorSchema = v.pipe(
  v.object({
    type: v.literal("error"),
    error: v.object({
      type: v.string(),
      message: v.string(),
      details: v.exactOptional(v.record(v.string(), v.unknown())),
    }),
    request_id: v.string(),
  }),
  v.title("AnthropicError"),
);

const blockDelta = v.variant("type", [
  v.object({ type: v.literal("text_delta"), text: v.string() }),
  v.object({ type: v.literal("citations_delta"), citation: v.unknown() }),
  v.object({ type: v.literal("thinking_delta"), thinking: v.string() }),
  v.object({ type: v.literal("signature_delta"), signature: v.string() }),
  v.object({ type: v.literal("input_json_delta"), partial_json: v.string() }),
]);

export const messageStreamEventSchema = v.pipe(
  v.variant("type", [
    v.object({ type: v.literal("message_start"), message: messageSchema }),
    v.object({ type: v.literal("content_block_start"), index: v.number(), content_block: responseBlock }),
    v.object({ type: v.literal("content_block_delta"), index: v.number(), delta: blockDelta }),
    v.object({ type: v.literal("content_block_stop"), index: v.number() }),
    v.object({
      type: v.literal("message_delta"),
      delta: v.object({
        stop_reason: stopReason,
        stop_sequence: v.nullable(v.string()),
        stop_details: stopDetails,
        container: v.null(),
      }),
      usage: deltaUsageSchema,
    }),
    v.object({ type: v.literal("message_stop") }),
    v.object({ type: v.literal("ping") }),
    messageErrorSchema,
  ]),
  v.title("MessageStreamEvent"),
  v.description("One frame of a streamed message; its `event:` line repeats the type."),
);

export type Message = v.InferOutput<typeof messageSchema>;
export type MessageUsage = v.InferOutput<typeof usageSchema>;
export type MessageDeltaUsage = v.InferOutput<typeof deltaUsageSchema>;
export type ResponseBlock = v.InferOutput<typeof responseBlock>;
export type BlockDelta = v.InferOutput<typeof blockDelta>;
export type StopReason = v.InferOutput<typeof stopReason>;
export type MessageStreamEvent = v.InferOutput<typeof messageStreamEventSchema>;
export type MessageError = v.InferOutput<typeof messageErrorSchema>;
