import * as v from "valibot";

import { healthSchema } from "#server/health.ts";
import { modelListSchema, modelSchema } from "#server/model-list.ts";
import {
  chatCompletionChunkSchema,
  chatCompletionRequestSchema,
  chatCompletionSchema,
  chatErrorSchema,
} from "#wire/openai-chat/schema.ts";

const tokenCountSchema = v.object({ input_tokens: v.pipe(v.number(), v.integer()) });

/** Every schema the document names, by its name there. */
export const namedSchemas = {
  ChatCompletion: chatCompletionSchema,
  ChatCompletionChunk: chatCompletionChunkSchema,
  ChatCompletionRequest: chatCompletionRequestSchema,
  OpenAIError: chatErrorSchema,
  MessageRequest: v.looseObject({}),
  Message: v.looseObject({}),
  MessageStreamEvent: v.looseObject({}),
  AnthropicError: v.looseObject({}),
  TokenCountRequest: v.looseObject({}),
  TokenCount: tokenCountSchema,
  Health: healthSchema,
  Model: modelSchema,
  ModelList: modelListSchema,
} satisfies Record<string, v.GenericSchema>;

export type SchemaName = keyof typeof namedSchemas;
