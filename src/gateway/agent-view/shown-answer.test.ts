import { describe, expect, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import OpenAI from "openai";

import { fingerprint } from "#backends/claude-cli/fingerprint.ts";
import type { ModelEvent } from "#core/events.ts";
import type { Message } from "#core/request.ts";
import { collect } from "#core/response.ts";
import { verbosities, type Verbosity } from "#core/verbosity.ts";
import { anthropicMessages } from "#wire/anthropic-messages/index.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";
import { fetchOf, fetchOfJson } from "#wire/testing/byte-stream.ts";
import { anyTurn, eventsOf, type Turn } from "#wire/testing/event-sequences.ts";

import { createAgentView } from "./create-view.ts";
import { createShownAnswer } from "./shown-answer.ts";

const options = { requestId: "req_1", includeUsage: true, createdAt: 0 };
const question = { role: "user" as const, content: "hi" };
const delivery = { chunkSizes: [100], heartbeats: [false] };

/** A turn as an agent has it that was left alone: all tools were its own, and it said something at the end. */
function ownTurn(turn: Turn): readonly ModelEvent[] {
  const steps = turn.steps.map((step) =>
    step.map((block) => (block.type === "tool" ? { ...block, executedBy: "backend" as const } : block)),
  );
  const last = [{ type: "text" as const, deltas: ["The ", "end."], citations: [] }];
  return eventsOf({ ...turn, steps: [...steps, last], finish: { ...turn.finish, reason: "stop" } });
}

function show(verbosity: Verbosity, events: readonly ModelEvent[]) {
  const view = createAgentView({ verbosity, clientHasTools: false, sessionId: () => "s-1" });
  const shown = createShownAnswer();
  const seen = events.flatMap((event) => view.show(event));
  shown.add(seen);
  return { seen, spellings: shown.spellings() };
}

async function* batches(events: readonly ModelEvent[]) {
  yield events;
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
  test("as OpenAI's SDK sends it back, streamed and whole", async () => {
    await fc.assert(
      fc.asyncProperty(anyTurn, async (turn) => {
        const { seen, spellings } = show(verbosity, ownTurn(turn));
        const whole = openaiChat.encodeResponse(await collect(batches(seen)), options);
        const asked = { model: "m", messages: [question] };
        const read = [
          await openai(fetchOfJson(whole)).chat.completions.create(asked),
          await openai(streamOf("openaiChat", seen)).chat.completions.stream(asked).finalChatCompletion(),
        ];
        for (const { choices } of read) {
          const body = { model: "m", messages: [question, choices[0]?.message, question] };
          const { messages } = openaiChat.decodeRequest(JSON.parse(JSON.stringify(body)));
          const keys = spellings.map((spelling) => keyOf([user, ...spelling]));
          expect(keys).toContain(keyOf(upToAnswer(messages)));
        }
      }),
      { numRuns: 20 },
    );
  });

  test("as Anthropic's SDK sends it back, streamed and whole", async () => {
    await fc.assert(
      fc.asyncProperty(anyTurn, async (turn) => {
        const { seen, spellings } = show(verbosity, ownTurn(turn));
        const whole = anthropicMessages.encodeResponse(await collect(batches(seen)), options);
        const asked = { model: "m", max_tokens: 9, messages: [question] };
        const read = [
          await anthropic(fetchOfJson(whole)).messages.create(asked),
          await anthropic(streamOf("anthropicMessages", seen)).messages.stream(asked).finalMessage(),
        ];
        for (const { content } of read) {
          const body = { ...asked, messages: [question, { role: "assistant", content }, question] };
          const { messages } = anthropicMessages.decodeRequest(JSON.parse(JSON.stringify(body)));
          const keys = spellings.map((spelling) => keyOf([user, ...spelling]));
          expect(keys).toContain(keyOf(upToAnswer(messages)));
        }
      }),
      { numRuns: 20 },
    );
  });
});

test("what forward showed goes back to the model in its true roles", () => {
  const { messages } = anthropicMessages.decodeRequest({
    max_tokens: 9,
    messages: [
      question,
      {
        role: "assistant",
        content: [
          { type: "system_message", subtype: "init", source: "claude_agent_sdk" },
          { type: "text", text: "Let me see." },
          { type: "tool_use_sdk", id: "t1", name: "Read", input: { file_path: "a" }, source: "claude_agent_sdk" },
          { type: "tool_use_sdk", id: "t2", name: "Read", input: {}, source: "claude_agent_sdk" },
          { type: "tool_result_sdk", tool_use_id: "t1", content: "one", is_error: false, source: "claude_agent_sdk" },
          { type: "tool_result_sdk", tool_use_id: "t2", content: [{ type: "text", text: "no" }], is_error: true },
          { type: "text", text: "Done." },
          { type: "result_message", session_id: "s", source: "claude_agent_sdk" },
        ],
      },
      question,
    ],
  });
  expect(messages).toEqual([
    user,
    {
      role: "assistant",
      content: [
        { type: "text", text: "Let me see." },
        { type: "tool-call", callId: "t1", toolName: "Read", input: { file_path: "a" } },
        { type: "tool-call", callId: "t2", toolName: "Read", input: {} },
      ],
    },
    {
      role: "user",
      content: [
        { type: "tool-result", callId: "t1", content: [{ type: "text", text: "one" }], isError: false },
        { type: "tool-result", callId: "t2", content: [{ type: "text", text: "no" }], isError: true },
      ],
    },
    { role: "assistant", content: [{ type: "text", text: "Done." }] },
    user,
  ]);
});

test("an endless answer is not kept", () => {
  const shown = createShownAnswer();
  for (let i = 0; i < 3; i += 1) shown.add([{ type: "text-delta", id: "1", text: "x".repeat(500_000) }]);
  expect(shown.spellings()).toEqual([]);
});
