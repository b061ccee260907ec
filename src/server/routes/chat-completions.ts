import { errorResponses, eventStream, runHeaderObjects, schemaRef, turnParameters } from "#server/openapi/parts.ts";
import type { Route } from "#server/route.ts";
import { answerTurn } from "#server/turn.ts";

const examples = {
  text: {
    summary: "One question",
    value: { model: "sonnet", messages: [{ role: "user", content: "Say hello in one word." }] },
  },
  stream: {
    summary: "Streamed, with usage at the end",
    value: {
      model: "sonnet",
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: "You answer in one short sentence." },
        { role: "user", content: "Why is the sky blue?" },
      ],
    },
  },
  conversation: {
    summary: "A conversation that goes on",
    value: {
      model: "sonnet",
      messages: [
        { role: "user", content: "My name is Ada." },
        { role: "assistant", content: "Hello Ada." },
        { role: "user", content: "What is my name?" },
      ],
    },
  },
};

const streamExample = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"claude-sonnet-5-5","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]}

data: [DONE]

`;

export const chatCompletionRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/chat/completions",
    open: false,
    prefixed: true,
    answer: answerTurn,
    operation: {
      operationId: "createChatCompletion",
      summary: "Answer a conversation (OpenAI chat completions)",
      description:
        "The whole conversation goes in `messages`. With `stream: true` the answer is server-sent events that end with `data: [DONE]`; a failure after the first byte is an `error` event instead.",
      tags: ["OpenAI"],
      parameters: turnParameters,
      requestBody: {
        required: true,
        content: { "application/json": { schema: schemaRef("ChatCompletionRequest"), examples } },
      },
      responses: {
        200: {
          description: "The answer.",
          headers: runHeaderObjects,
          content: {
            "application/json": { schema: schemaRef("ChatCompletion") },
            "text/event-stream": eventStream("ChatCompletionChunk", streamExample),
          },
        },
        ...errorResponses("OpenAIError", [400, 401, 402, 403, 404, 409, 413, 415, 422, 429, 499, 500, 502, 503, 504]),
      },
    },
  },
];
