/** What the agent does in between, shown in every way and read by the official clients, many times over. */
import { describe, expect, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import OpenAI from "openai";

import type { ModelEvent } from "#core/events.ts";
import { fingerprint } from "#core/fingerprint.ts";
import type { Message } from "#core/request.ts";
import { collect, type ModelResponse } from "#core/response.ts";
import { noUsage } from "#core/usage.ts";
import { verbosities, type Verbosity } from "#core/verbosity.ts";
import { createAgentView } from "#gateway/agent-view/create-view.ts";
import { createShownAnswer } from "#gateway/agent-view/shown-answer.ts";
import { anthropicMessages } from "#wire/anthropic-messages/index.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";
import { anyDelivery, fetchOf, fetchOfJson } from "#wire/testing/byte-stream.ts";
import {
  aiSdkCompatible,
  aiSdkCompatibleWhole,
  openaiHelper,
  openaiRaw,
  openaiWhole,
} from "#wire/testing/chat-clients.ts";
import { anyEvents, anyTurn, eventsOf, type Turn } from "#wire/testing/event-sequences.ts";
import { aiSdkAnthropic, anthropicHelper, anthropicRaw, anthropicWhole } from "#wire/testing/messages-clients.ts";

const options = { requestId: "req_1", includeUsage: true, createdAt: 0 };
const usage = { ...noUsage, inputTokens: 10, cacheReadInputTokens: 4, cacheWriteInputTokens: 3, outputTokens: 5 };
const runs = { numRuns: 60 };
const timeout = 60_000;

function shownAs(verbosity: Verbosity, events: readonly ModelEvent[]): ModelEvent[] {
  const view = createAgentView({ verbosity, clientHasTools: false, sessionId: () => "s-1" });
  return events.flatMap((event) => view.show(event));
}

function whole(events: readonly ModelEvent[]): Promise<ModelResponse> {
  async function* batches() {
    yield events;
  }
  return collect(batches());
}

const question = { role: "user" as const, content: "hi" };
const delivery = { chunkSizes: [100], heartbeats: [false] };

describe.each([...verbosities])("any turn with %s", (verbosity) => {
  const frames = (format: typeof openaiChat, events: readonly ModelEvent[]): string[] => {
    const encoder = format.createStreamEncoder(options);
    return events.map((event) => encoder.encode(event));
  };

  test(
    "reads the same streamed and whole by OpenAI's SDK, and calls nothing but the client's tools",
    async () => {
      await fc.assert(
        fc.asyncProperty(anyTurn, anyDelivery, async (turn, delivery) => {
          const [quiet, events] = [eventsOf(turn), shownAs(verbosity, eventsOf(turn))];
          const stream = () => fetchOf(frames(openaiChat, events), openaiChat.heartbeat, delivery);
          const response = openaiChat.encodeResponse(await whole(events), options);
          const reading = await openaiHelper(stream());
          expect(await openaiWhole(fetchOfJson(response))).toEqual(reading);
          expect(await openaiRaw(stream())).toEqual(reading);
          expect((await aiSdkCompatible(stream())).finishReason).toBe(reading.finishReason);
          expect((await aiSdkCompatibleWhole(fetchOfJson(response))).finishReason).toBe(reading.finishReason);
          const plain = await openaiWhole(fetchOfJson(openaiChat.encodeResponse(await whole(quiet), options)));
          expect(reading.finishReason).toBe(plain.finishReason);
          if (verbosity === "forward") expect(reading.toolCalls).toEqual(expect.arrayContaining([...plain.toolCalls]));
          else expect(reading.toolCalls).toEqual(plain.toolCalls);
        }),
        runs,
      );
    },
    timeout,
  );

  test(
    "reads the same streamed and whole by Anthropic's SDK, and uses nothing but the client's tools",
    async () => {
      await fc.assert(
        fc.asyncProperty(anyTurn, anyDelivery, async (turn, delivery) => {
          const [quiet, events] = [eventsOf(turn), shownAs(verbosity, eventsOf(turn))];
          const stream = () => fetchOf(frames(anthropicMessages, events), anthropicMessages.heartbeat, delivery);
          const reading = await anthropicHelper(stream());
          expect(
            await anthropicWhole(fetchOfJson(anthropicMessages.encodeResponse(await whole(events), options))),
          ).toEqual(reading);
          expect(await anthropicRaw(stream())).toEqual(reading);
          const plain = await anthropicWhole(
            fetchOfJson(anthropicMessages.encodeResponse(await whole(quiet), options)),
          );
          expect(reading.stopReason).toBe(plain.stopReason);
          const uses = ({ content }: typeof plain) => content.filter(({ type }) => type === "tool_use");
          expect(uses(reading)).toEqual(uses(plain));
          // The AI SDK refuses blocks it does not know.
          if (verbosity === "forward") await expect(aiSdkAnthropic(stream())).rejects.toThrow();
          else expect((await aiSdkAnthropic(stream())).stopReason).toBe(plain.stopReason);
        }),
        runs,
      );
    },
    timeout,
  );

  test(
    "is survived by the SDKs in any order of events",
    async () => {
      await fc.assert(
        fc.asyncProperty(anyEvents, anyDelivery, async (anything, delivery) => {
          const events = shownAs(verbosity, [...anything, { type: "finish", reason: "stop", usage, steps: 1 }]);
          await openaiHelper(fetchOf(frames(openaiChat, events), openaiChat.heartbeat, delivery));
          await anthropicHelper(fetchOf(frames(anthropicMessages, events), anthropicMessages.heartbeat, delivery));
        }),
        runs,
      );
    },
    timeout,
  );
});

/** A turn as an agent has it that was left alone: all tools were its own, and it said something at the end. */
function ownTurn(turn: Turn): readonly ModelEvent[] {
  const steps = turn.steps.map((step) =>
    step.map((block) => (block.type === "tool" ? { ...block, executedBy: "backend" as const } : block)),
  );
  const last = [{ type: "text" as const, deltas: ["The ", "end."], citations: [] }];
  return eventsOf({ ...turn, steps: [...steps, last], finish: { ...turn.finish, reason: "stop" } });
}

function show(verbosity: Verbosity, events: readonly ModelEvent[]) {
  const shown = createShownAnswer();
  const seen = shownAs(verbosity, events);
  shown.add(seen);
  return { seen, spellings: shown.spellings() };
}

function keyOf(messages: readonly Message[]): string {
  return fingerprint({ principal: "p", system: [], model: undefined, rest: [] }, messages);
}

const user: Message = { role: "user", content: [{ type: "text", text: "hi" }] };

/** The conversation that a client makes of it, up to its answer; the next question is cut off. */
function upToAnswer(messages: readonly Message[]): readonly Message[] {
  return messages.slice(0, -1);
}

const openai = (fetch: typeof globalThis.fetch) =>
  new OpenAI({ apiKey: "k", baseURL: "http://127.0.0.1/v1", maxRetries: 0, fetch });
const anthropic = (fetch: typeof globalThis.fetch) =>
  new Anthropic({ apiKey: "k", baseURL: "http://127.0.0.1", maxRetries: 0, fetch });

const format = { openaiChat, anthropicMessages };
function streamOf(name: keyof typeof format, events: readonly ModelEvent[]): typeof fetch {
  const encoder = format[name].createStreamEncoder(options);
  return fetchOf(
    events.map((event) => encoder.encode(event)),
    format[name].heartbeat,
    delivery,
  );
}

describe.each([...verbosities])("an answer shown with %s is known again", (verbosity) => {
  test(
    "as OpenAI's SDK sends it back, streamed and whole",
    async () => {
      await fc.assert(
        fc.asyncProperty(anyTurn, async (turn) => {
          const { seen, spellings } = show(verbosity, ownTurn(turn));
          const body = openaiChat.encodeResponse(await whole(seen), options);
          const asked = { model: "m", messages: [question] };
          const read = [
            await openai(fetchOfJson(body)).chat.completions.create(asked),
            await openai(streamOf("openaiChat", seen)).chat.completions.stream(asked).finalChatCompletion(),
          ];
          for (const { choices } of read) {
            const next = { model: "m", messages: [question, choices[0]?.message, question] };
            const { messages } = openaiChat.decodeRequest(JSON.parse(JSON.stringify(next)));
            const keys = spellings.map((spelling) => keyOf([user, ...spelling]));
            expect(keys).toContain(keyOf(upToAnswer(messages)));
          }
        }),
        runs,
      );
    },
    timeout,
  );

  test(
    "as Anthropic's SDK sends it back, streamed and whole",
    async () => {
      await fc.assert(
        fc.asyncProperty(anyTurn, async (turn) => {
          const { seen, spellings } = show(verbosity, ownTurn(turn));
          const body = anthropicMessages.encodeResponse(await whole(seen), options);
          const asked = { model: "m", max_tokens: 9, messages: [question] };
          const read = [
            await anthropic(fetchOfJson(body)).messages.create(asked),
            await anthropic(streamOf("anthropicMessages", seen)).messages.stream(asked).finalMessage(),
          ];
          for (const { content } of read) {
            const next = { ...asked, messages: [question, { role: "assistant", content }, question] };
            const { messages } = anthropicMessages.decodeRequest(JSON.parse(JSON.stringify(next)));
            const keys = spellings.map((spelling) => keyOf([user, ...spelling]));
            expect(keys).toContain(keyOf(upToAnswer(messages)));
          }
        }),
        runs,
      );
    },
    timeout,
  );
});
