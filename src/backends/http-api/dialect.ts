import * as v from "valibot";

import type { ModelInfo } from "#core/backend.ts";
import type { WireFormatId } from "#core/request.ts";
import type { UpstreamFormat } from "#core/upstream-format.ts";
import { withoutNullish } from "#lib/without-nullish.ts";
import { anthropicMessagesUpstream } from "#wire/anthropic-messages/upstream/index.ts";
import { openaiChatUpstream } from "#wire/openai-chat/upstream/index.ts";
import { openaiResponsesUpstream } from "#wire/openai-responses/upstream/index.ts";

/** How an API is spoken over HTTP, beside its bodies. Paths are seen from a base URL as its vendor's SDK takes it. */
export interface Dialect {
  readonly format: UpstreamFormat;
  /** What answers a conversation. */
  readonly path: string;
  /** A path with the API's version at its beginning, as clients call it. */
  readonly pathOf: (versioned: string) => string;
  readonly modelsPath: string;
  /** Where the API counts the tokens of a request. */
  readonly countPath?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly authorize: (secret: string) => Readonly<Record<string, string>>;
}

const anthropic: Dialect = {
  format: anthropicMessagesUpstream,
  path: "/v1/messages",
  pathOf: (versioned) => versioned,
  modelsPath: "/v1/models?limit=1000",
  countPath: "/v1/messages/count_tokens",
  headers: { "anthropic-version": "2023-06-01" },
  authorize: (secret) => ({ "x-api-key": secret }),
};

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

const chat: Dialect = {
  format: openaiChatUpstream,
  path: "/chat/completions",
  pathOf: (versioned) => versioned.replace(/^\/v1/, ""),
  modelsPath: "/models",
  headers: {},
  authorize: bearer,
};

export const dialects: Readonly<Record<WireFormatId, Dialect>> = {
  "anthropic-messages": anthropic,
  "openai-chat": chat,
  "openai-responses": { ...chat, format: openaiResponsesUpstream, path: "/responses" },
};

/** The URL that the paths are seen from: vendors' SDKs differ in whether the version belongs to it. */
export function apiRoot(baseUrl: string, format: WireFormatId): string {
  const root = baseUrl.replace(/\/+$/, "");
  return format === "anthropic-messages" ? root.replace(/\/v1$/, "") : root;
}

const word = v.fallback(v.optional(v.string()), undefined);
const figure = v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))), undefined);

/** Beside what all of them tell: limits, as Anthropic, OpenRouter, Groq and vLLM call them. */
const modelSchema = v.looseObject({
  id: v.string(),
  display_name: word,
  name: word,
  owned_by: word,
  max_input_tokens: figure,
  context_length: figure,
  context_window: figure,
  max_model_len: figure,
  max_tokens: figure,
  max_completion_tokens: figure,
  top_provider: v.fallback(v.looseObject({ max_completion_tokens: figure }), {}),
});
const modelListSchema = v.looseObject({ data: v.array(modelSchema) });

/** Every API has a list of this shape; undefined for what is none. */
export function modelsIn(body: unknown): readonly ModelInfo[] | undefined {
  const parsed = v.safeParse(modelListSchema, body);
  if (!parsed.success) return undefined;
  return parsed.output.data.map(({ id, display_name: title, name, owned_by: ownedBy, ...told }) => ({
    id,
    displayName: title ?? name ?? id,
    aliases: [],
    ...withoutNullish({
      ownedBy,
      contextWindow: told.max_input_tokens ?? told.context_length ?? told.context_window ?? told.max_model_len,
      maxOutputTokens: told.max_tokens ?? told.max_completion_tokens ?? told.top_provider.max_completion_tokens,
    }),
  }));
}
