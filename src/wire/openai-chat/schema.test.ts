import { expect, test } from "bun:test";

import { toJsonSchema } from "@valibot/to-json-schema";
import type OpenAI from "openai";

import {
  type ChatCompletion,
  type ChatCompletionChunk,
  type CompletionUsage,
  chatCompletionChunkSchema,
  chatCompletionRequestSchema,
  chatCompletionSchema,
  chatErrorSchema,
} from "./schema.ts";

test("every schema becomes a titled JSON Schema", () => {
  const schemas = [chatCompletionRequestSchema, chatCompletionSchema, chatCompletionChunkSchema, chatErrorSchema];
  const titles = schemas.map((schema) => toJsonSchema(schema, { errorMode: "ignore", typeMode: "input" }).title);
  expect(titles).toEqual(["CreateChatCompletionRequest", "ChatCompletion", "ChatCompletionChunk", "OpenAIError"]);
});

test("what is sent has the types the OpenAI SDK declares", () => {
  const accepts = {
    completion: (sent: ChatCompletion): OpenAI.ChatCompletion => sent,
    chunk: (sent: ChatCompletionChunk): OpenAI.ChatCompletionChunk => sent,
    usage: (sent: CompletionUsage): OpenAI.CompletionUsage => sent,
  };
  expect(Object.keys(accepts)).toHaveLength(3);
});
