/** What upstreams that speak OpenAI Responses answer, as far as this program reads it; loose, because they vary. */
import * as v from "valibot";

import { listOf } from "#lib/list-of.ts";

const text = v.fallback(v.nullish(v.string()), undefined);
const number = v.fallback(v.nullish(v.number()), undefined);

const usageSchema = v.looseObject({
  input_tokens: number,
  output_tokens: number,
  total_tokens: number,
  input_tokens_details: v.fallback(
    v.nullish(v.looseObject({ cached_tokens: number, cache_write_tokens: number })),
    undefined,
  ),
  output_tokens_details: v.fallback(v.nullish(v.looseObject({ reasoning_tokens: number })), undefined),
  // OpenRouter's, in USD.
  cost: number,
});
export type UpstreamUsage = v.InferOutput<typeof usageSchema>;

const contentPart = v.looseObject({
  type: text,
  text,
  refusal: text,
  annotations: v.fallback(v.nullish(v.array(v.unknown())), undefined),
});
const contentParts = v.fallback(v.nullish(listOf(contentPart)), undefined);

const itemSchema = v.looseObject({
  type: v.string(),
  id: text,
  call_id: text,
  name: text,
  namespace: text,
  arguments: text,
  input: text,
  content: contentParts,
  summary: contentParts,
  encrypted_content: text,
});
export type Item = v.InferOutput<typeof itemSchema>;

export const responseSchema = v.looseObject({
  id: text,
  model: text,
  status: text,
  output: v.fallback(v.nullish(listOf(itemSchema)), undefined),
  error: v.optional(v.unknown()),
  incomplete_details: v.fallback(v.nullish(v.looseObject({ reason: text })), undefined),
  usage: v.fallback(v.nullish(usageSchema), undefined),
});
export type UpstreamResponse = v.InferOutput<typeof responseSchema>;

/** Any event of a stream; what each of them is told by its type. */
export const eventSchema = v.looseObject({
  type: v.string(),
  output_index: number,
  item_id: text,
  content_index: number,
  summary_index: number,
  delta: text,
  annotation: v.optional(v.unknown()),
  item: v.fallback(v.nullish(itemSchema), undefined),
  response: v.fallback(v.nullish(responseSchema), undefined),
});
export type StreamEvent = v.InferOutput<typeof eventSchema>;

const citationSchema = v.looseObject({ type: v.literal("url_citation"), url: v.string(), title: text });

/** A citation of the web as Anthropic's API has it; none or one. */
export function citationOf(annotation: unknown): readonly unknown[] {
  const parsed = v.safeParse(citationSchema, annotation);
  if (!parsed.success) return [];
  const { url, title } = parsed.output;
  return [{ type: "web_search_result_location", url, title: title ?? null, cited_text: "", encrypted_index: "" }];
}
