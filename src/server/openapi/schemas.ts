import * as v from "valibot";

import { healthSchema } from "#server/health.ts";
import { modelListSchema, modelSchema } from "#server/model-list.ts";
import {
  permissionAnswerSchema,
  permissionAnsweredSchema,
  permissionEventSchema,
  permissionListSchema,
  permissionSchema,
} from "#server/permissions.ts";
import {
  sessionDeletedSchema,
  sessionInterruptedSchema,
  sessionListSchema,
  sessionSchema,
} from "#server/session-list.ts";
import {
  countTokensRequestSchema,
  messageErrorSchema,
  messageSchema,
  messagesRequestSchema,
  messageStreamEventSchema,
} from "#wire/anthropic-messages/schema.ts";
import {
  chatCompletionChunkSchema,
  chatCompletionRequestSchema,
  chatCompletionSchema,
  chatErrorSchema,
} from "#wire/openai-chat/schema.ts";
import { responseEventSchema, responseSchema, responsesRequestSchema } from "#wire/openai-responses/schema.ts";

const responseDeletedSchema = v.object({ id: v.string(), object: v.literal("response"), deleted: v.literal(true) });

const responseItemListSchema = v.object({
  object: v.literal("list"),
  data: v.array(v.looseObject({ id: v.string(), type: v.optional(v.string()) })),
  first_id: v.nullable(v.string()),
  last_id: v.nullable(v.string()),
  has_more: v.boolean(),
});

/** JSON-RPC 2.0, as the Model Context Protocol uses it. */
const mcpMessageSchema = v.looseObject({
  jsonrpc: v.literal("2.0"),
  id: v.optional(v.union([v.string(), v.number()])),
  method: v.optional(v.string()),
  params: v.optional(v.record(v.string(), v.unknown())),
  result: v.optional(v.record(v.string(), v.unknown())),
});

const tokenCountSchema = v.object({ input_tokens: v.pipe(v.number(), v.integer()) });

const cancelledRequestSchema = v.object({
  id: v.string(),
  object: v.literal("request"),
  status: v.literal("cancelled"),
});

/** Every schema the document names, by its name there. */
export const namedSchemas = {
  ChatCompletion: chatCompletionSchema,
  ChatCompletionChunk: chatCompletionChunkSchema,
  ChatCompletionRequest: chatCompletionRequestSchema,
  OpenAIError: chatErrorSchema,
  ResponseRequest: responsesRequestSchema,
  Response: responseSchema,
  ResponseStreamEvent: responseEventSchema,
  ResponseDeleted: responseDeletedSchema,
  ResponseItemList: responseItemListSchema,
  Message: messageSchema,
  MessageRequest: messagesRequestSchema,
  MessageStreamEvent: messageStreamEventSchema,
  AnthropicError: messageErrorSchema,
  TokenCountRequest: countTokensRequestSchema,
  TokenCount: tokenCountSchema,
  CancelledRequest: cancelledRequestSchema,
  Health: healthSchema,
  Model: modelSchema,
  ModelList: modelListSchema,
  Session: sessionSchema,
  SessionList: sessionListSchema,
  SessionDeleted: sessionDeletedSchema,
  SessionInterrupted: sessionInterruptedSchema,
  Permission: permissionSchema,
  PermissionList: permissionListSchema,
  PermissionEvent: permissionEventSchema,
  PermissionAnswer: permissionAnswerSchema,
  PermissionAnswered: permissionAnsweredSchema,
  McpMessage: mcpMessageSchema,
} satisfies Record<string, v.GenericSchema>;

export type SchemaName = keyof typeof namedSchemas;
