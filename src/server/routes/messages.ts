import { errorResponses, eventStream, runHeaderObjects, schemaRef, turnParameters } from "#server/openapi/parts.ts";
import type { Route } from "#server/route.ts";
import { answerTurn } from "#server/turn.ts";

const examples = {
  text: {
    summary: "One question",
    value: { model: "sonnet", max_tokens: 1024, messages: [{ role: "user", content: "Say hello in one word." }] },
  },
  stream: {
    summary: "Streamed",
    value: {
      model: "sonnet",
      max_tokens: 1024,
      stream: true,
      system: "You answer in one short sentence.",
      messages: [{ role: "user", content: "Why is the sky blue?" }],
    },
  },
  thinking: {
    summary: "With thinking",
    value: {
      model: "sonnet",
      max_tokens: 4096,
      thinking: { type: "adaptive" },
      messages: [{ role: "user", content: "How many prime numbers are there below 30?" }],
    },
  },
};

const streamExample = `event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}

event: message_stop
data: {"type":"message_stop"}

`;

export const messageRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/messages",
    open: false,
    prefixed: true,
    answer: answerTurn,
    operation: {
      operationId: "createMessage",
      summary: "Answer a conversation (Anthropic messages)",
      description:
        "The whole conversation goes in `messages`. With `stream: true` the answer is server-sent events that end with `message_stop`; a failure after the first byte is an `error` event instead.",
      tags: ["Anthropic"],
      parameters: turnParameters,
      requestBody: {
        required: true,
        content: { "application/json": { schema: schemaRef("MessageRequest"), examples } },
      },
      responses: {
        200: {
          description: "The answer.",
          headers: runHeaderObjects,
          content: {
            "application/json": { schema: schemaRef("Message") },
            "text/event-stream": eventStream("MessageStreamEvent", streamExample),
          },
        },
        ...errorResponses(
          "AnthropicError",
          [400, 401, 402, 403, 404, 409, 413, 415, 422, 429, 499, 500, 502, 503, 504, 529],
        ),
      },
    },
  },
];
