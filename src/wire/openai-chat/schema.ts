/**
 * OpenAI chat completions as schemas: what validates a request, types what is encoded, and documents both.
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

// ---- request: messages

const textPart = looseObject({ type: v.literal("text"), text: v.string() });
const refusalPart = looseObject({ type: v.literal("refusal"), refusal: v.string() });
const imagePart = looseObject({
  type: v.literal("image_url"),
  image_url: looseObject({ url: v.string(), detail: v.nullish(v.string()) }),
});
const filePart = looseObject({
  type: v.literal("file"),
  file: looseObject({
    file_data: v.nullish(v.string()),
    file_id: v.nullish(v.string()),
    filename: v.nullish(v.string()),
  }),
});

const inputPart = v.variant("type", [textPart, imagePart, filePart]);
const inputContent = v.union([v.string(), v.array(inputPart)]);
const textContent = v.union([v.string(), v.array(v.variant("type", [textPart]))]);

const toolCall = looseObject({
  id: someName,
  type: v.optional(v.literal("function"), "function"),
  function: looseObject({ name: someName, arguments: v.string() }),
});

const name = v.nullish(v.string());
const systemMessage = looseObject({ role: v.picklist(["system", "developer"]), content: textContent, name });
const userMessage = looseObject({ role: v.literal("user"), content: inputContent, name });
const toolMessage = looseObject({ role: v.literal("tool"), tool_call_id: someName, content: inputContent });
const assistantMessage = looseObject({
  role: v.literal("assistant"),
  content: v.nullish(v.union([v.string(), v.array(v.variant("type", [textPart, refusalPart]))])),
  refusal: v.nullish(v.string()),
  reasoning_content: v.nullish(v.string()),
  tool_calls: v.nullish(v.array(toolCall)),
  name,
});

const message = v.variant("role", [systemMessage, userMessage, assistantMessage, toolMessage]);

// ---- request: settings

const functionTool = looseObject({
  type: v.literal("function"),
  function: looseObject({
    name: someName,
    description: v.nullish(v.string()),
    parameters: v.nullish(looseObject({})),
    strict: v.nullish(v.boolean()),
  }),
});

const namedTool = looseObject({ type: v.literal("function"), function: looseObject({ name: someName }) });
const toolChoice = v.union([
  v.picklist(["none", "auto", "required"]),
  v.variant("type", [
    namedTool,
    looseObject({
      type: v.literal("allowed_tools"),
      allowed_tools: looseObject({ mode: v.picklist(["auto", "required"]), tools: v.array(namedTool) }),
    }),
  ]),
]);

const responseFormat = v.variant("type", [
  looseObject({ type: v.picklist(["text", "json_object"]) }),
  looseObject({
    type: v.literal("json_schema"),
    json_schema: looseObject({
      name: v.nullish(v.string()),
      description: v.nullish(v.string()),
      schema: v.nullish(looseObject({})),
    }),
  }),
]);

/** Not OpenAI's, but what Anthropic's own OpenAI endpoint and the common gateways accept. */
const thinking = v.variant("type", [
  looseObject({ type: v.literal("enabled"), budget_tokens: wholeNumber("a whole number of at least 1") }),
  looseObject({ type: v.picklist(["adaptive", "disabled"]) }),
]);

export const chatCompletionRequestSchema = v.pipe(
  looseObject({
    model: v.nullish(v.string()),
    messages: v.pipe(v.array(message), v.minLength(1, "at least one message")),
    stream: v.nullish(v.boolean()),
    stream_options: v.nullish(looseObject({ include_usage: v.nullish(v.boolean()) })),
    max_completion_tokens: v.nullish(wholeNumber("a whole number of at least 1")),
    max_tokens: v.nullish(wholeNumber("a whole number of at least 1")),
    temperature: v.nullish(numberBetween(0, 2)),
    top_p: v.nullish(numberBetween(0, 1)),
    top_k: v.nullish(wholeNumber("a whole number of at least 1")),
    n: v.nullish(wholeNumber("a whole number of at least 1")),
    stop: v.nullish(v.union([v.string(), v.array(v.string())])),
    reasoning_effort: v.nullish(v.picklist(["none", "minimal", "low", "medium", "high", "xhigh", "max"])),
    thinking: v.nullish(thinking),
    tools: v.nullish(v.array(v.variant("type", [functionTool]))),
    tool_choice: v.nullish(toolChoice),
    parallel_tool_calls: v.nullish(v.boolean()),
    response_format: v.nullish(responseFormat),
    service_tier: v.nullish(v.string()),
    user: v.nullish(v.string()),
    safety_identifier: v.nullish(v.string()),
    prompt_cache_key: v.nullish(v.string()),
    session_id: v.nullish(v.pipe(v.string(), v.description("A session of this server to continue or begin."))),
  }),
  v.title("CreateChatCompletionRequest"),
  v.description("A chat completion request. Fields that cannot be honoured are named in X-CCProxy-Ignored-Params."),
);

export type ChatCompletionRequest = v.InferOutput<typeof chatCompletionRequestSchema>;
export type RequestMessage = v.InferOutput<typeof message>;
export type InputPart = v.InferOutput<typeof inputPart>;

// ---- response

const completionUsageSchema = v.pipe(
  v.object({
    prompt_tokens: v.number(),
    completion_tokens: v.number(),
    total_tokens: v.number(),
    prompt_tokens_details: v.object({
      cached_tokens: v.number(),
      cache_write_tokens: v.number(),
      audio_tokens: v.number(),
    }),
    completion_tokens_details: v.object({
      reasoning_tokens: v.number(),
      audio_tokens: v.number(),
      accepted_prediction_tokens: v.number(),
      rejected_prediction_tokens: v.number(),
    }),
  }),
  v.title("CompletionUsage"),
);

const finishReason = v.picklist(["stop", "length", "tool_calls", "content_filter"]);

const annotation = v.object({
  type: v.literal("url_citation"),
  url_citation: v.object({ url: v.string(), title: v.string(), start_index: v.number(), end_index: v.number() }),
});

const calledFunction = v.object({ name: v.string(), arguments: v.string() });

export const chatCompletionSchema = v.pipe(
  v.object({
    id: v.string(),
    object: v.literal("chat.completion"),
    created: v.number(),
    model: v.string(),
    system_fingerprint: v.string(),
    choices: v.array(
      v.object({
        index: v.number(),
        message: v.object({
          role: v.literal("assistant"),
          content: v.nullable(v.string()),
          refusal: v.nullable(v.string()),
          reasoning_content: v.exactOptional(v.string()),
          annotations: v.exactOptional(v.array(annotation)),
          tool_calls: v.exactOptional(
            v.array(v.object({ id: v.string(), type: v.literal("function"), function: calledFunction })),
          ),
        }),
        logprobs: v.null(),
        finish_reason: finishReason,
      }),
    ),
    usage: completionUsageSchema,
  }),
  v.title("ChatCompletion"),
);

export const chatCompletionChunkSchema = v.pipe(
  v.object({
    id: v.string(),
    object: v.literal("chat.completion.chunk"),
    created: v.number(),
    model: v.string(),
    system_fingerprint: v.string(),
    choices: v.array(
      v.object({
        index: v.number(),
        delta: v.object({
          role: v.exactOptional(v.literal("assistant")),
          content: v.exactOptional(v.string()),
          refusal: v.exactOptional(v.nullable(v.string())),
          reasoning_content: v.exactOptional(v.string()),
          annotations: v.exactOptional(v.array(annotation)),
          tool_calls: v.exactOptional(
            v.array(
              v.object({
                index: v.number(),
                id: v.exactOptional(v.string()),
                type: v.exactOptional(v.literal("function")),
                function: v.object({ name: v.exactOptional(v.string()), arguments: v.string() }),
              }),
            ),
          ),
        }),
        logprobs: v.null(),
        finish_reason: v.nullable(finishReason),
      }),
    ),
    usage: v.exactOptional(completionUsageSchema),
  }),
  v.title("ChatCompletionChunk"),
  v.description("One `data:` frame of a streamed completion; the stream ends with `data: [DONE]`."),
);

export const chatErrorSchema = v.pipe(
  v.object({
    error: v.object({
      message: v.string(),
      type: v.string(),
      param: v.nullable(v.string()),
      code: v.nullable(v.string()),
    }),
  }),
  v.title("OpenAIError"),
);

export type CompletionUsage = v.InferOutput<typeof completionUsageSchema>;
export type ChatCompletion = v.InferOutput<typeof chatCompletionSchema>;
export type ChatCompletionChunk = v.InferOutput<typeof chatCompletionChunkSchema>;
export type Annotation = v.InferOutput<typeof annotation>;
export type ChatError = v.InferOutput<typeof chatErrorSchema>;
