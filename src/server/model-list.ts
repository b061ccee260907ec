import * as v from "valibot";

import type { ModelInfo } from "#core/backend.ts";

/** One object for both SDKs: OpenAI's reads `object`, `created` and `owned_by`, Anthropic's the rest. */
export const modelSchema = v.object({
  id: v.string(),
  object: v.literal("model"),
  type: v.literal("model"),
  display_name: v.string(),
  created: v.number(),
  created_at: v.string(),
  owned_by: v.string(),
  max_input_tokens: v.exactOptional(
    v.pipe(v.number(), v.description("Tokens that a request may have, as far as is known.")),
  ),
  max_tokens: v.exactOptional(v.pipe(v.number(), v.description("Tokens that an answer may have, likewise."))),
  last_told_at: v.exactOptional(
    v.pipe(v.string(), v.description("When its provider last told of it, where that cannot be asked now.")),
  ),
  description: v.exactOptional(v.string()),
  aliases: v.exactOptional(v.pipe(v.array(v.string()), v.description("More names for the same model."))),
});

export const modelListSchema = v.object({
  object: v.literal("list"),
  data: v.array(modelSchema),
  has_more: v.boolean(),
  first_id: v.nullable(v.string()),
  last_id: v.nullable(v.string()),
});

type Model = v.InferOutput<typeof modelSchema>;
type ModelList = v.InferOutput<typeof modelListSchema>;

/** The CLI does not say when a model came out; Anthropic's API documents the epoch for "not known". */
const unknownDate = new Date(0);

export function encodeModel({ id, displayName, aliases, description, ...known }: ModelInfo): Model {
  const { contextWindow, maxOutputTokens, lastTold, ownedBy = "anthropic" } = known;
  return {
    id,
    object: "model",
    type: "model",
    display_name: displayName,
    created: unknownDate.getTime(),
    created_at: unknownDate.toISOString(),
    owned_by: ownedBy,
    ...(contextWindow !== undefined && { max_input_tokens: contextWindow }),
    ...(maxOutputTokens !== undefined && { max_tokens: maxOutputTokens }),
    ...(lastTold !== undefined && { last_told_at: new Date(lastTold).toISOString() }),
    ...(description !== undefined && { description }),
    ...(aliases.length > 0 && { aliases: [...aliases] }),
  };
}

export function findModel(models: readonly ModelInfo[], name: string): ModelInfo | undefined {
  return models.find(({ id }) => id === name) ?? models.find(({ aliases }) => aliases.includes(name));
}

/**
 * One page of the list. `limit`, `after_id` and `before_id` work as in Anthropic's API; without a usable
 * `limit` the page is the whole list, which is what OpenAI's clients expect.
 */
export function encodeModelPage(models: readonly ModelInfo[], query: URLSearchParams): ModelList {
  const limit = /^[1-9]\d{0,3}$/.test(query.get("limit") ?? "") ? Number(query.get("limit")) : models.length;
  const before = indexOfId(models, query.get("before_id"));
  const start =
    before === undefined ? (indexOfId(models, query.get("after_id")) ?? -1) + 1 : Math.max(0, before - limit);
  const end = before ?? start + limit;
  const page = models.slice(start, end).map(encodeModel);
  return {
    object: "list",
    data: page,
    has_more: before === undefined ? end < models.length : start > 0,
    first_id: page.at(0)?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

function indexOfId(models: readonly ModelInfo[], id: string | null): number | undefined {
  const index = models.findIndex((model) => model.id === id);
  return index < 0 ? undefined : index;
}
