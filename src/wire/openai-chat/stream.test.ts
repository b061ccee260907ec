import { describe, expect, test } from "bun:test";

import fc from "fast-check";
import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import type { FinishEvent, ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";
import { createSseParser } from "#lib/sse.ts";
import { anyDelivery, fetchOf } from "#wire/testing/byte-stream.ts";
import { aiSdkCompatible, type ChatClient, openaiHelper, openaiRaw } from "#wire/testing/chat-clients.ts";
import { aiSdkChatReadingOf, chatReadingOf } from "#wire/testing/chat-readings.ts";
import { anyEvents, anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";
import { goldenTurn } from "#wire/testing/golden-turn.ts";

import { chatCompletionChunkSchema } from "./schema.ts";
import { createStreamEncoder, heartbeat } from "./stream.ts";

const options = { requestId: "req_1", includeUsage: true, createdAt: 1_795_200_000_500 };
const start: ModelEvent = { type: "start", responseId: "msg_1", model: "m", usage: noUsage };
const clients: [string, ChatClient][] = [
  ["iterating the OpenAI SDK's stream", openaiRaw],
  ["the OpenAI SDK's helper", openaiHelper],
  ["the AI SDK", aiSdkCompatible],
];

function encodeAll(events: readonly ModelEvent[], includeUsage = true): string[] {
  const encoder = createStreamEncoder({ ...options, includeUsage });
  return events.map((event) => encoder.encode(event));
}

function finish(fields: Partial<FinishEvent> = {}): FinishEvent {
  return { type: "finish", reason: "stop", usage: noUsage, steps: 1, ...fields };
}

/** The data of every frame, `[DONE]` aside as it is. */
function framesOf(stream: string): (string | v.InferOutput<typeof chatCompletionChunkSchema>)[] {
  const frames = createSseParser().push(new TextEncoder().encode(stream));
  return frames.map(({ data }) => (data === "[DONE]" ? data : JSON.parse(data)));
}

function deltasOf(events: readonly ModelEvent[]): unknown[] {
  return framesOf(encodeAll([start, ...events]).join(""))
    .slice(1)
    .flatMap((frame) => (typeof frame === "string" ? [] : frame.choices.map((choice) => choice.delta)));
}

test("a turn with everything in it becomes the golden stream", async () => {
  const golden = await Bun.file(`${import.meta.dir}/fixtures/stream.sse`).text();
  expect(encodeAll(goldenTurn).join("")).toBe(golden);
});

// proves("stream-token-level")
describe("any turn, cut into any chunks, reads as what was said", () => {
  const readings = [chatReadingOf, chatReadingOf, aiSdkChatReadingOf];
  test.each(clients.map(([title, client], index) => [title, client, readings[index] ?? chatReadingOf] as const))(
    "by %s",
    async (_title, client, readingOf) => {
      await fc.assert(
        fc.asyncProperty(anyTurn, anyDelivery, async (turn, delivery) => {
          expect(await client(fetchOf(encodeAll(eventsOf(turn)), heartbeat, delivery))).toEqual(readingOf(turn));
        }),
        { numRuns: 20 },
      );
    },
  );
});

describe("events in an order no backend should send", () => {
  test("still make a well-formed stream with one end", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const frames = framesOf(encodeAll([...events, finish()]).join(""));
        expect(frames.at(-1)).toBe("[DONE]");
        const chunks = frames.slice(0, -1);
        for (const chunk of chunks) {
          const documented: unknown = v.parse(chatCompletionChunkSchema, chunk);
          expect(documented).toEqual(chunk);
        }
        const reasons = chunks.flatMap((chunk) =>
          typeof chunk === "string" ? [] : chunk.choices.map((choice) => choice.finish_reason),
        );
        expect(reasons.findIndex((reason) => reason !== null)).toBe(reasons.length - 1);
      }),
      { numRuns: 50 },
    );
  });

  test.each(clients)("are survived by %s", async (_title, client) => {
    await fc.assert(
      fc.asyncProperty(anyEvents, anyDelivery, async (events, delivery) => {
        await client(fetchOf(encodeAll([...events, finish()]), heartbeat, delivery));
      }),
      { numRuns: 15 },
    );
  });

  test("begin the stream themselves when it was never started", () => {
    const [first] = framesOf(encodeAll([{ type: "text-delta", id: "1", text: "hi" }]).join(""));
    expect(first).toMatchObject({ id: "req_1", choices: [{ delta: { role: "assistant" } }] });
  });
});

describe("the end", () => {
  test("comes once: whatever follows it is not sent", () => {
    const error: ModelEvent = { type: "error", error: new GatewayError("upstream", "x") };
    expect(encodeAll([start, finish(), finish(), error, start]).slice(2)).toEqual(["", "", ""]);
    expect(encodeAll([error, start, finish(), error]).slice(1)).toEqual(["", "", ""]);
  });

  test("has usage only when the client asked for it", () => {
    expect(encodeAll([start, finish()], false).join("")).not.toContain("usage");
    expect(framesOf(encodeAll([start, finish()]).join("")).at(-2)).toMatchObject({ choices: [], usage: {} });
  });

  test("of a failed turn is an error frame, never [DONE]", () => {
    const [, last = ""] = encodeAll([start, finish({ reason: "error", rawReason: "error_during_execution" })]);
    expect(last).toContain("The answer ended with an error (error_during_execution).");
    expect(last).not.toContain("[DONE]");
  });

  test.each(clients)("in the middle of an answer is raised by %s", async (_title, client) => {
    const failing: ModelEvent[] = [
      start,
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", text: "Hel" },
      { type: "error", error: new GatewayError("overloaded", "Too busy.", { hint: "Try again." }) },
    ];
    const fetch = fetchOf(encodeAll(failing), heartbeat, { chunkSizes: [50], heartbeats: [true] });
    await expect(client(fetch)).rejects.toMatchObject({ message: expect.stringContaining("Too busy. Try again.") });
  });
});

describe("deltas", () => {
  const text = (id: string, value: string): ModelEvent[] => [
    { type: "text-start", id },
    { type: "text-delta", id, text: value },
    { type: "text-end", id },
  ];

  test("go out at once, each in a frame of its own", () => {
    const [, , first, second] = encodeAll([
      start,
      ...text("1", "a").slice(0, 2),
      { type: "text-delta", id: "1", text: "b" },
    ]);
    expect([first, second].map((frame) => framesOf(frame ?? ""))).toMatchObject([
      [{ choices: [{ delta: { content: "a" } }] }],
      [{ choices: [{ delta: { content: "b" } }] }],
    ]);
  });

  test("begin a new paragraph with a new step, and run on within one", () => {
    expect(deltasOf([...text("1", "a"), ...text("2", "b"), { type: "step-start" }, ...text("3", "c")])).toEqual([
      { content: "a" },
      { content: "b" },
      { content: "\n\nc" },
    ]);
  });

  test("set thoughts apart by a blank line", () => {
    const thought = (id: string): ModelEvent[] => [
      { type: "reasoning-start", id },
      { type: "reasoning-delta", id, text: id },
      { type: "reasoning-end", id, signature: "EqQB" },
    ];
    expect(deltasOf([...thought("1"), ...thought("2")])).toEqual([
      { reasoning_content: "1" },
      { reasoning_content: "\n\n2" },
    ]);
  });

  test("do not show what the backend runs itself", () => {
    const hidden: ModelEvent[] = [
      { type: "tool-input-start", id: "t", toolName: "Bash", executedBy: "backend" },
      { type: "tool-input-delta", id: "t", delta: "{}" },
      { type: "tool-input-end", id: "t" },
      { type: "tool-result", id: "t", content: "x", isError: false },
    ];
    expect(deltasOf(hidden)).toEqual([]);
  });

  test("say that the model declined when it said nothing else", () => {
    expect(deltasOf([finish({ reason: "content-filter" })])).toEqual([
      { refusal: "The model declined to answer this request." },
      {},
    ]);
  });

  test("name the page a text cites once the text is whole", () => {
    const citation = { url: "https://example.test/a", title: "A" };
    const events: ModelEvent[] = [
      ...text("1", "Well, "),
      { type: "text-start", id: "2" },
      { type: "text-citation", id: "2", citation },
      { type: "text-delta", id: "2", text: "cited" },
      { type: "text-end", id: "2" },
    ];
    expect(deltasOf(events).at(-1)).toEqual({
      annotations: [{ type: "url_citation", url_citation: { ...citation, start_index: 6, end_index: 11 } }],
    });
  });
});
