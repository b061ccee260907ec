/** The wire formats against every official client, many times over: the long form of the tests beside them. */
import { describe, expect, test } from "bun:test";

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { type LanguageModel, streamText } from "ai";
import fc from "fast-check";

import { collect } from "#core/response.ts";
import type { EncodeOptions, WireFormat } from "#core/wire-format.ts";
import { anthropicMessages } from "#wire/anthropic-messages/index.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";
import { openaiResponses } from "#wire/openai-responses/index.ts";
import { anyDelivery, fetchOf, fetchOfJson } from "#wire/testing/byte-stream.ts";
import {
  aiSdkCompatible,
  aiSdkCompatibleWhole,
  openaiHelper,
  openaiRaw,
  openaiWhole,
} from "#wire/testing/chat-clients.ts";
import { aiSdkChatReadingOf, chatReadingOf } from "#wire/testing/chat-readings.ts";
import { anyEvents, anyTurn, eventsOf, type Turn } from "#wire/testing/event-sequences.ts";
import {
  aiSdkAnthropic,
  aiSdkAnthropicWhole,
  aiSdkReadingOf,
  anthropicHelper,
  anthropicRaw,
  anthropicWhole,
  messageReadingOf,
} from "#wire/testing/messages-clients.ts";
import {
  aiSdkOpenai,
  aiSdkOpenaiWhole,
  openaiCreate,
  openaiEvents,
  openaiStream,
} from "#wire/testing/responses-clients.ts";
import { aiSdkResponseReadingOf, responseReadingOf } from "#wire/testing/responses-readings.ts";

const options: EncodeOptions = { requestId: "req_1", includeUsage: true, createdAt: 1_795_200_000_500 };
const runs = { numRuns: 300 };
const timeout = 120_000;

type Client = (fetch: typeof globalThis.fetch) => Promise<unknown>;
type Reading = (turn: Turn) => unknown;

function framesOf(format: WireFormat, events: ReturnType<typeof eventsOf>): string[] {
  const encoder = format.createStreamEncoder(options);
  return events.map((event) => encoder.encode(event));
}

const streaming: [string, WireFormat, Client, Reading][] = [
  ["the OpenAI SDK's stream", openaiChat, openaiRaw, chatReadingOf],
  ["the OpenAI SDK's helper", openaiChat, openaiHelper, chatReadingOf],
  ["the AI SDK for OpenAI-compatible servers", openaiChat, aiSdkCompatible, aiSdkChatReadingOf],
  ["the Anthropic SDK's stream", anthropicMessages, anthropicRaw, messageReadingOf],
  ["the Anthropic SDK's helper", anthropicMessages, anthropicHelper, messageReadingOf],
  ["the AI SDK for Anthropic", anthropicMessages, aiSdkAnthropic, aiSdkReadingOf],
  ["the OpenAI SDK's events of a response", openaiResponses, openaiEvents, responseReadingOf],
  ["the OpenAI SDK's helper for responses", openaiResponses, openaiStream, responseReadingOf],
  ["the AI SDK for OpenAI", openaiResponses, aiSdkOpenai, aiSdkResponseReadingOf],
];

describe("a stream of any turn, cut anywhere, reads as what was said", () => {
  test.each(streaming)(
    "by %s",
    async (_title, format, client, readingOf) => {
      await fc.assert(
        fc.asyncProperty(anyTurn, anyDelivery, async (turn, delivery) => {
          const frames = framesOf(format, eventsOf(turn));
          expect(await client(fetchOf(frames, format.heartbeat, delivery))).toEqual(readingOf(turn));
        }),
        runs,
      );
    },
    timeout,
  );
});

describe("a stream of events in any order can be read", () => {
  test.each(streaming)(
    "by %s",
    async (_title, format, client) => {
      await fc.assert(
        fc.asyncProperty(anyTurn, anyEvents, anyDelivery, async (turn, events, delivery) => {
          const frames = framesOf(format, [...events, turn.finish]);
          await client(fetchOf(frames, format.heartbeat, delivery));
        }),
        runs,
      );
    },
    timeout,
  );
});

describe("a whole answer reads as what was said", () => {
  const whole: [string, WireFormat, Client, Reading][] = [
    ["the OpenAI SDK", openaiChat, openaiWhole, chatReadingOf],
    ["the AI SDK for OpenAI-compatible servers", openaiChat, aiSdkCompatibleWhole, aiSdkChatReadingOf],
    ["the Anthropic SDK", anthropicMessages, anthropicWhole, messageReadingOf],
    ["the AI SDK for Anthropic", anthropicMessages, aiSdkAnthropicWhole, aiSdkReadingOf],
    ["the OpenAI SDK's responses", openaiResponses, openaiCreate, responseReadingOf],
    ["the AI SDK for OpenAI", openaiResponses, aiSdkOpenaiWhole, aiSdkResponseReadingOf],
  ];
  test.each(whole)(
    "by %s",
    async (_title, format, client, readingOf) => {
      await fc.assert(
        fc.asyncProperty(anyTurn, async (turn) => {
          async function* batches() {
            yield eventsOf(turn);
          }
          const body = format.encodeResponse(await collect(batches()), options);
          expect(await client(fetchOfJson(body))).toEqual(readingOf(turn));
        }),
        runs,
      );
    },
    timeout,
  );
});

describe("streamText of the AI SDK ends without an error", () => {
  const models: [string, WireFormat, (fetch: typeof globalThis.fetch) => LanguageModel][] = [
    [
      "on OpenAI chat",
      openaiChat,
      (fetch) => createOpenAICompatible({ name: "t", baseURL: "http://127.0.0.1/v1", fetch }).chatModel("any"),
    ],
    [
      "on Anthropic messages",
      anthropicMessages,
      (fetch) => createAnthropic({ apiKey: "k", baseURL: "http://127.0.0.1/v1", fetch }).languageModel("any"),
    ],
  ];
  test.each(models)(
    "%s",
    async (_title, format, modelOf) => {
      await fc.assert(
        fc.asyncProperty(anyTurn, anyDelivery, async (turn, delivery) => {
          const model = modelOf(fetchOf(framesOf(format, eventsOf(turn)), format.heartbeat, delivery));
          const errors: unknown[] = [];
          const result = streamText({
            model,
            prompt: "hi",
            maxOutputTokens: 100,
            maxRetries: 0,
            onError: ({ error }) => void errors.push(error),
          });
          await result.consumeStream();
          expect(errors).toEqual([]);
          const shown = turn.steps.flat().some((block) => block.type === "tool" && block.executedBy === "client");
          const ended = shown ? "tool-calls" : "stop";
          const { reason } = turn.finish;
          expect<string>(await result.finishReason).toBe(reason === "stop" || reason === "tool-calls" ? ended : reason);
        }),
        { numRuns: 100 },
      );
    },
    timeout,
  );
});
