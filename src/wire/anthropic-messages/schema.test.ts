import { expect, test } from "bun:test";

import type Anthropic from "@anthropic-ai/sdk";
import { toJsonSchema } from "@valibot/to-json-schema";

import {
  countTokensRequestSchema,
  type Message,
  type MessageError,
  messageErrorSchema,
  messageSchema,
  messagesRequestSchema,
  type MessageStreamEvent,
  messageStreamEventSchema,
} from "./schema.ts";

test("every schema becomes a titled JSON Schema", () => {
  const schemas = [
    messagesRequestSchema,
    countTokensRequestSchema,
    messageSchema,
    messageStreamEventSchema,
    messageErrorSchema,
  ];
  const titles = schemas.map((schema) => toJsonSchema(schema, { errorMode: "ignore", typeMode: "input" }).title);
  expect(titles).toEqual([
    "CreateMessageRequest",
    "CountTokensRequest",
    "Message",
    "MessageStreamEvent",
    "AnthropicError",
  ]);
});

/** Citations travel as they came, so their type is not known here. Blocks with a source are no blocks of the API's. */
type WithCitations<T> = T extends readonly (infer Item)[]
  ? WithCitations<Item>[]
  : T extends { source: "claude_agent_sdk" }
    ? never
    : T extends object
      ? {
          [K in keyof T]: K extends "citations"
            ? Anthropic.TextCitation[] | null
            : K extends "citation"
              ? Anthropic.TextCitation
              : WithCitations<T[K]>;
        }
      : T;

type SentEvent = WithCitations<Exclude<MessageStreamEvent, { type: "ping" | "error" }>>;

test("what is sent has the types the Anthropic SDK declares", () => {
  const accepts = {
    message: (sent: WithCitations<Message>): Anthropic.Message => sent,
    event: (sent: SentEvent): Anthropic.RawMessageStreamEvent => sent,
    error: (sent: MessageError): Pick<Anthropic.ErrorResponse, "type" | "request_id"> => sent,
  };
  expect(Object.keys(accepts)).toHaveLength(3);
});
