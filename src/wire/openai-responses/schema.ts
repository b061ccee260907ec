/**
 * OpenAI Responses as schemas: what validates a request, types what is encoded, and documents both.
 * Requests are loose: fields this file does not name are reported to the client, never refused.
 */
import * as v from "valibot";

import { looseObject } from "#lib/loose-object.ts";

const wholeNumber = (message: string) => v.pipe(v.number(), v.integer(message), v.minValue(1, message));
const numberBetween = (low: number, high: number) => {
  const message = `a number from ${low} to ${high}`;
  return v.pipe(v.number(), v.minValue(low, message), v.maxValue(high, message));
};
const someName = v.pipe(v.string(), v.minLength(1, "a name"));

// ---- request: items

const textPart = looseObject({ type: v.picklist(["input_text", "output_text", "text"]), text: v.string() });
const refusalPart = looseObject({ type: v.literal("refusal"), refusal: v.string() });
const imagePart = looseObject({
  type: v.literal("input_image"),
  image_url: v.nullish(v.string()),
  file_id: v.nullish(v.string()),
  detail: v.nullish(v.string()),
});
const filePart = looseObject({
  type: v.literal("input_file"),
  file_data: v.nullish(v.string()),
  file_url: v.nullish(v.string()),
  file_id: v.nullish(v.string()),
  filename: v.nullish(v.string()),
});

const inputPart = v.variant("type", [textPart, refusalPart, imagePart, filePart]);
const content = v.union([v.string(), v.array(inputPart)]);

/** An item without a type is a message: what the API calls an easy input message. */
export const messageItemSchema = looseObject({
  type: v.nullish(v.literal("message")),
  role: v.picklist(["user", "assistant", "system", "developer"]),
  content,
});

const namespace = v.nullish(someName);

export const callItemSchema = v.variant("type", [
  looseObject({
    type: v.literal("function_call"),
    call_id: someName,
    name: someName,
    namespace,
    arguments: v.string(),
  }),
  looseObject({ type: v.literal("custom_tool_call"), call_id: someName, name: someName, namespace, input: v.string() }),
]);

export const callOutputItemSchema = looseObject({
  type: v.picklist(["function_call_output", "custom_tool_call_output"]),
  call_id: someName,
  output: content,
});

const textOf = looseObject({ text: v.string() });

export const reasoningItemSchema = looseObject({
  type: v.literal("reasoning"),
  summary: v.nullish(v.array(textOf)),
  content: v.nullish(v.array(textOf)),
  encrypted_content: v.nullish(v.string()),
});

export const compactionItemSchema = looseObject({ type: v.literal("compaction"), encrypted_content: v.string() });

/** What every item has; its type decides which of the schemas above it has to fit. */
const anyItem = looseObject({ type: v.nullish(v.string()) });

// ---- request: tools

const functionTool = looseObject({
  type: v.literal("function"),
  name: someName,
  description: v.nullish(v.string()),
  parameters: v.nullish(looseObject({})),
  strict: v.nullish(v.boolean()),
});

const customTool = looseObject({
  type: v.literal("custom"),
  name: someName,
  description: v.nullish(v.string()),
  format: v.nullish(
    looseObject({ type: v.string(), syntax: v.nullish(v.string()), definition: v.nullish(v.string()) }),
  ),
});

const namespaceTool = looseObject({
  type: v.literal("namespace"),
  name: someName,
  description: v.nullish(v.string()),
  tools: v.array(v.variant("type", [functionTool, customTool])),
});

/** Tools OpenAI runs itself, and those of other kinds: known by their type alone. */
const hostedTool = looseObject({
  type: v.pipe(v.string(), v.regex(/^(?!(?:function|custom|namespace)$)/u, "a kind of tool")),
});

const toolsSchema = v.array(v.union([v.variant("type", [functionTool, customTool, namespaceTool]), hostedTool]));

export const additionalToolsSchema = looseObject({ type: v.literal("additional_tools"), tools: toolsSchema });

const namedTool = looseObject({ type: v.picklist(["function", "custom"]), name: someName, namespace });
const toolChoice = v.union([
  v.picklist(["none", "auto", "required"]),
  v.variant("type", [
    namedTool,
    looseObject({
      type: v.literal("allowed_tools"),
      mode: v.picklist(["auto", "required"]),
      tools: v.array(looseObject({ type: v.string(), name: v.nullish(v.string()), namespace })),
    }),
  ]),
]);

// ---- request: settings

const metadata = v.pipe(
  v.record(
    v.pipe(v.string(), v.maxLength(64, "keys of at most 64 characters")),
    v.pipe(v.string(), v.maxLength(512, "a text of at most 512 characters")),
  ),
  v.maxEntries(16, "at most 16 pairs"),
);

const textFormat = v.variant("type", [
  looseObject({ type: v.picklist(["text", "json_object"]) }),
  looseObject({
    type: v.literal("json_schema"),
    name: v.nullish(v.string()),
    description: v.nullish(v.string()),
    schema: looseObject({}),
  }),
]);

export const responsesRequestSchema = v.pipe(
  looseObject({
    model: v.nullish(v.string()),
    input: v.nullish(v.union([v.string(), v.array(anyItem)])),
    instructions: v.nullish(v.string()),
    previous_response_id: v.nullish(v.pipe(v.string(), v.description("A stored response whose conversation goes on."))),
    store: v.nullish(v.boolean()),
    stream: v.nullish(v.boolean()),
    include: v.nullish(v.array(v.string())),
    max_output_tokens: v.nullish(wholeNumber("a whole number of at least 1")),
    temperature: v.nullish(numberBetween(0, 2)),
    top_p: v.nullish(numberBetween(0, 1)),
    reasoning: v.nullish(
      looseObject({
        effort: v.nullish(v.picklist(["none", "minimal", "low", "medium", "high", "xhigh", "max"])),
        summary: v.nullish(v.string()),
      }),
    ),
    text: v.nullish(looseObject({ format: v.nullish(textFormat), verbosity: v.nullish(v.string()) })),
    tools: v.nullish(toolsSchema),
    tool_choice: v.nullish(toolChoice),
    parallel_tool_calls: v.nullish(v.boolean()),
    metadata: v.nullish(metadata),
    service_tier: v.nullish(v.string()),
    truncation: v.nullish(v.picklist(["auto", "disabled"])),
    user: v.nullish(v.string()),
    safety_identifier: v.nullish(v.string()),
    prompt_cache_key: v.nullish(v.string()),
    session_id: v.nullish(v.pipe(v.string(), v.description("A session of this server to continue or begin."))),
  }),
  v.title("CreateResponseRequest"),
  v.description("A request for a response. Fields that cannot be honoured are named in X-CCProxy-Ignored-Params."),
);

export type ResponsesRequest = v.InferOutput<typeof responsesRequestSchema>;
export type InputItem = v.InferOutput<typeof anyItem>;
export type InputPart = v.InferOutput<typeof inputPart>;
export type InputContent = v.InferOutput<typeof content>;
export type CallItem = v.InferOutput<typeof callItemSchema>;
export type RequestTools = v.InferOutput<typeof toolsSchema>;
export type FunctionTool = v.InferOutput<typeof functionTool>;
export type CustomTool = v.InferOutput<typeof customTool>;

// ---- response: items

const annotation = v.object({
  type: v.literal("url_citation"),
  url: v.string(),
  title: v.string(),
  start_index: v.number(),
  end_index: v.number(),
});

const outputText = v.object({
  type: v.literal("output_text"),
  text: v.string(),
  annotations: v.array(annotation),
  logprobs: v.tuple([]),
});
const refusal = v.object({ type: v.literal("refusal"), refusal: v.string() });
const summaryText = v.object({ type: v.literal("summary_text"), text: v.string() });
const status = v.picklist(["in_progress", "completed", "incomplete"]);

const messageItem = v.object({
  type: v.literal("message"),
  id: v.string(),
  role: v.literal("assistant"),
  status,
  content: v.array(v.variant("type", [outputText, refusal])),
});
const reasoningItem = v.object({
  type: v.literal("reasoning"),
  id: v.string(),
  summary: v.array(summaryText),
  encrypted_content: v.exactOptional(v.nullable(v.string())),
});
const functionCallItem = v.object({
  type: v.literal("function_call"),
  id: v.string(),
  call_id: v.string(),
  name: v.string(),
  namespace: v.exactOptional(v.string()),
  arguments: v.string(),
  status,
});
const customCallItem = v.object({
  type: v.literal("custom_tool_call"),
  id: v.string(),
  call_id: v.string(),
  name: v.string(),
  namespace: v.exactOptional(v.string()),
  input: v.string(),
  status,
});

const compactionItem = v.object({ type: v.literal("compaction"), id: v.string(), encrypted_content: v.string() });

const outputItem = v.variant("type", [messageItem, reasoningItem, functionCallItem, customCallItem, compactionItem]);

// ---- response: the whole

const usageSchema = v.pipe(
  v.object({
    input_tokens: v.number(),
    input_tokens_details: v.object({ cached_tokens: v.number(), cache_write_tokens: v.number() }),
    output_tokens: v.number(),
    output_tokens_details: v.object({ reasoning_tokens: v.number() }),
    total_tokens: v.number(),
  }),
  v.title("ResponseUsage"),
);

export const responseSchema = v.pipe(
  v.looseObject({
    id: v.string(),
    object: v.literal("response"),
    created_at: v.number(),
    status: v.picklist(["in_progress", "completed", "incomplete", "failed", "cancelled"]),
    error: v.nullable(v.object({ code: v.string(), message: v.string() })),
    incomplete_details: v.nullable(v.object({ reason: v.picklist(["max_output_tokens", "content_filter"]) })),
    model: v.string(),
    output: v.array(outputItem),
    usage: v.nullable(usageSchema),
  }),
  v.title("Response"),
  v.description("A response. It also repeats the settings of its request, such as `instructions`, `tools` and `text`."),
);

// ---- response: the stream

const at = { output_index: v.number() };
const inItem = { ...at, item_id: v.string() };
const inPart = { ...inItem, content_index: v.number() };
const inSummary = { ...inItem, summary_index: v.number() };
const numbered = { sequence_number: v.number() };
const ofResponse = { response: responseSchema, ...numbered };
const ofItem = { ...at, item: outputItem, ...numbered };
const noLogprobs = { logprobs: v.tuple([]) };

export const responseEventSchema = v.pipe(
  v.variant("type", [
    v.object({
      type: v.picklist([
        "response.created",
        "response.in_progress",
        "response.completed",
        "response.incomplete",
        "response.failed",
      ]),
      ...ofResponse,
    }),
    v.object({ type: v.picklist(["response.output_item.added", "response.output_item.done"]), ...ofItem }),
    v.object({
      type: v.picklist(["response.content_part.added", "response.content_part.done"]),
      ...inPart,
      part: v.variant("type", [outputText, refusal]),
      ...numbered,
    }),
    v.object({
      type: v.literal("response.output_text.delta"),
      ...inPart,
      delta: v.string(),
      ...noLogprobs,
      ...numbered,
    }),
    v.object({ type: v.literal("response.output_text.done"), ...inPart, text: v.string(), ...noLogprobs, ...numbered }),
    v.object({
      type: v.literal("response.output_text.annotation.added"),
      ...inPart,
      annotation_index: v.number(),
      annotation,
      ...numbered,
    }),
    v.object({ type: v.literal("response.refusal.delta"), ...inPart, delta: v.string(), ...numbered }),
    v.object({ type: v.literal("response.refusal.done"), ...inPart, refusal: v.string(), ...numbered }),
    v.object({
      type: v.picklist(["response.reasoning_summary_part.added", "response.reasoning_summary_part.done"]),
      ...inSummary,
      part: summaryText,
      ...numbered,
    }),
    v.object({
      type: v.literal("response.reasoning_summary_text.delta"),
      ...inSummary,
      delta: v.string(),
      ...numbered,
    }),
    v.object({ type: v.literal("response.reasoning_summary_text.done"), ...inSummary, text: v.string(), ...numbered }),
    v.object({ type: v.literal("response.function_call_arguments.delta"), ...inItem, delta: v.string(), ...numbered }),
    v.object({
      type: v.literal("response.function_call_arguments.done"),
      ...inItem,
      name: v.string(),
      arguments: v.string(),
      ...numbered,
    }),
    v.object({ type: v.literal("response.custom_tool_call_input.delta"), ...inItem, delta: v.string(), ...numbered }),
    v.object({ type: v.literal("response.custom_tool_call_input.done"), ...inItem, input: v.string(), ...numbered }),
  ]),
  v.title("ResponseStreamEvent"),
  v.description("The `data:` of one frame of a streamed response; the last one is completed, incomplete or failed."),
);

export type ResponseUsage = v.InferOutput<typeof usageSchema>;
export type ResponseObject = v.InferOutput<typeof responseSchema>;
export type OutputItem = v.InferOutput<typeof outputItem>;
export type ResponseEvent = v.InferOutput<typeof responseEventSchema>;
export type Annotation = v.InferOutput<typeof annotation>;
