/** What upstreams that speak OpenAI chat completions answer, as far as this program reads it; loose, because they vary. */
import * as v from "valibot";

import { isRecord } from "#lib/is-record.ts";
import { listOf } from "#lib/list-of.ts";

const text = v.fallback(v.nullish(v.string()), undefined);
const tokens = v.fallback(v.nullish(v.number()), undefined);

const usageSchema = v.looseObject({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  total_tokens: tokens,
  prompt_tokens_details: v.fallback(
    v.nullish(v.looseObject({ cached_tokens: tokens, cache_write_tokens: tokens })),
    undefined,
  ),
  completion_tokens_details: v.fallback(v.nullish(v.looseObject({ reasoning_tokens: tokens })), undefined),
  // DeepSeek's and Moonshot's words for what was read from a cache.
  prompt_cache_hit_tokens: tokens,
  cached_tokens: tokens,
  // OpenRouter's, in USD.
  cost: tokens,
});
export type UpstreamUsage = v.InferOutput<typeof usageSchema>;

const usage = v.fallback(v.nullish(usageSchema), undefined);

const extraContent = v.fallback(
  v.nullish(v.looseObject({ google: v.nullish(v.looseObject({ thought_signature: v.nullish(v.string()) })) })),
  undefined,
);

const calledFunction = v.fallback(
  v.nullish(v.looseObject({ name: text, arguments: v.optional(v.unknown()) })),
  undefined,
);

const toolCallSchema = v.looseObject({
  index: v.fallback(v.nullish(v.number()), undefined),
  id: text,
  function: calledFunction,
  extra_content: extraContent,
});
export type ToolCallDelta = v.InferOutput<typeof toolCallSchema>;

const annotationSchema = v.looseObject({
  type: v.literal("url_citation"),
  url_citation: v.looseObject({ url: v.string(), title: text, content: text }),
});

/** A part of a message, or the whole of it. */
const deltaSchema = v.looseObject({
  content: v.optional(v.unknown()),
  reasoning_content: text,
  reasoning: text,
  refusal: text,
  annotations: v.fallback(v.nullish(v.array(v.unknown())), undefined),
  tool_calls: v.fallback(v.nullish(listOf(toolCallSchema)), undefined),
  // What it was called before there could be several.
  function_call: calledFunction,
  extra_content: extraContent,
});
export type Delta = v.InferOutput<typeof deltaSchema>;

const choice = {
  index: v.fallback(v.nullish(v.number()), undefined),
  finish_reason: text,
  usage,
};

const answer = { id: text, model: text, usage };

export const chunkSchema = v.looseObject({
  ...answer,
  choices: v.nullish(listOf(v.looseObject({ ...choice, delta: v.fallback(v.nullish(deltaSchema), undefined) }))),
  x_groq: v.fallback(v.nullish(v.looseObject({ usage })), undefined),
});
export type Chunk = v.InferOutput<typeof chunkSchema>;

export const completionSchema = v.looseObject({
  ...answer,
  choices: v.pipe(listOf(v.looseObject({ ...choice, message: deltaSchema })), v.minLength(1)),
});

/** Content is a text, but for servers that answer in parts. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return partsOf(content, "text")
    .map(({ text: said }) => (typeof said === "string" ? said : ""))
    .join("");
}

/** Mistral's thoughts are parts of the content. */
export function thoughtsOf(content: unknown): string {
  return partsOf(content, "thinking")
    .map(({ thinking }) => textOf(thinking))
    .join("");
}

function partsOf(content: unknown, type: string): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(content) ? content.filter(isRecord).filter((part) => part["type"] === type) : [];
}

/** Citations of the web, as Anthropic's API has them. */
export function citationsIn(annotations: Delta["annotations"]): readonly unknown[] {
  return (annotations ?? []).flatMap((annotation) => {
    const parsed = v.safeParse(annotationSchema, annotation);
    if (!parsed.success) return [];
    const { url, title, content } = parsed.output.url_citation;
    const cited = { cited_text: content ?? "", encrypted_index: "" };
    return [{ type: "web_search_result_location", url, title: title ?? null, ...cited }];
  });
}
