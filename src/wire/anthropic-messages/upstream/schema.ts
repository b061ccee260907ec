/** What upstreams that speak Anthropic messages answer, as far as this program reads it; loose, because they add to it. */
import * as v from "valibot";

const text = v.fallback(v.string(), "");
const tokens = v.fallback(v.number(), 0);

const upstreamUsageSchema = v.looseObject({
  input_tokens: v.optional(v.nullable(v.number())),
  output_tokens: v.optional(v.nullable(v.number())),
  cache_creation_input_tokens: v.optional(v.nullable(v.number())),
  cache_read_input_tokens: v.optional(v.nullable(v.number())),
  cache_creation: v.optional(v.nullable(v.looseObject({ ephemeral_1h_input_tokens: tokens }))),
  output_tokens_details: v.optional(v.nullable(v.looseObject({ thinking_tokens: tokens }))),
});
export type UpstreamUsage = v.InferOutput<typeof upstreamUsageSchema>;

export const usage = v.fallback(v.nullable(upstreamUsageSchema), null);

const contentBlockSchema = v.looseObject({
  type: v.string(),
  text: v.optional(text),
  thinking: v.optional(text),
  signature: v.optional(text),
  data: v.optional(text),
  id: v.optional(text),
  name: v.optional(text),
  input: v.optional(v.unknown()),
  tool_use_id: v.optional(text),
  content: v.optional(v.unknown()),
  is_error: v.optional(v.unknown()),
  citations: v.optional(v.unknown()),
});
export type ContentBlock = v.InferOutput<typeof contentBlockSchema>;

export const contentSchema = v.union([v.string(), v.array(contentBlockSchema)]);

const deltaSchema = v.looseObject({
  type: v.string(),
  text: v.optional(text),
  thinking: v.optional(text),
  signature: v.optional(text),
  partial_json: v.optional(text),
  citation: v.optional(v.unknown()),
});
export type BlockDelta = v.InferOutput<typeof deltaSchema>;

const index = v.number();

/** Of the events of a stream, those that build the answer. */
export const streamEventSchema = v.variant("type", [
  v.looseObject({ type: v.literal("content_block_delta"), index, delta: deltaSchema }),
  v.looseObject({ type: v.literal("content_block_start"), index, content_block: contentBlockSchema }),
  v.looseObject({ type: v.literal("content_block_stop"), index }),
  v.looseObject({
    type: v.literal("message_start"),
    message: v.looseObject({ id: v.string(), model: v.string(), usage }),
  }),
  v.looseObject({
    type: v.literal("message_delta"),
    delta: v.looseObject({ stop_reason: v.nullish(v.string()), stop_sequence: v.nullish(v.string()) }),
    usage,
  }),
  v.looseObject({ type: v.literal("message_stop") }),
]);
export type StreamEvent = v.InferOutput<typeof streamEventSchema>;

/** Any event: newer ones are none of ours. */
export const eventSchema = v.looseObject({ type: v.string() });

export const messageSchema = v.looseObject({
  id: text,
  model: text,
  content: v.array(contentBlockSchema),
  stop_reason: v.nullish(v.string()),
  stop_sequence: v.nullish(v.string()),
  usage,
});
