import { describe, expect, test } from "bun:test";

import fc from "fast-check";
import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import type { FinishEvent, ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";
import { createSseParser } from "#lib/sse.ts";
import { anyDelivery, fetchOf } from "#wire/testing/byte-stream.ts";
import { anyEvents, anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";
import { goldenTurn } from "#wire/testing/golden-turn.ts";
import {
  aiSdkAnthropic,
  aiSdkReadingOf,
  anthropicHelper,
  anthropicRaw,
  messageReadingOf,
  type MessagesClient,
} from "#wire/testing/messages-clients.ts";

import { type MessageStreamEvent, messageStreamEventSchema } from "./schema.ts";
import { createStreamEncoder, heartbeat } from "./stream.ts";

const options = { requestId: "req_1", includeUsage: true, createdAt: 1_795_200_000_500 };
const start: ModelEvent = { type: "start", responseId: "msg_1", model: "m", usage: noUsage };
const clients: [string, MessagesClient][] = [
  ["iterating the Anthropic SDK's stream", anthropicRaw],
  ["the Anthropic SDK's helper", anthropicHelper],
  ["the AI SDK", aiSdkAnthropic],
];

function encodeAll(events: readonly ModelEvent[]): string[] {
  const encoder = createStreamEncoder(options);
  return events.map((event) => encoder.encode(event));
}

function finish(fields: Partial<FinishEvent> = {}): FinishEvent {
  return { type: "finish", reason: "stop", usage: noUsage, steps: 1, ...fields };
}

function framesOf(stream: string): MessageStreamEvent[] {
  return createSseParser()
    .push(new TextEncoder().encode(stream))
    .map(({ event, data }) => {
      const frame: MessageStreamEvent = JSON.parse(data);
      expect(event).toBe(frame.type);
      return frame;
    });
}

function typesOf(events: readonly ModelEvent[]): string[] {
  return framesOf(encodeAll([start, ...events]).join("")).map((frame) =>
    frame.type === "content_block_delta" ? frame.delta.type : frame.type,
  );
}

test("a turn with everything in it becomes the golden stream", async () => {
  const golden = await Bun.file(`${import.meta.dir}/fixtures/stream.sse`).text();
  expect(encodeAll(goldenTurn).join("")).toBe(golden);
});

// proves("stream-token-level")
describe("any turn, cut into any chunks, reads as what was said", () => {
  const readings = [messageReadingOf, messageReadingOf, aiSdkReadingOf];
  test.each(clients.map(([title, client], index) => [title, client, readings[index] ?? messageReadingOf] as const))(
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
        for (const frame of frames) expect(v.parse(messageStreamEventSchema, frame)).toEqual(frame);
        expect(frames[0]?.type).toBe("message_start");
        expect(frames.slice(-2).map((frame) => frame.type)).toEqual(["message_delta", "message_stop"]);
        expect(frames.filter((frame) => frame.type === "message_delta" || frame.type === "message_start")).toHaveLength(
          2,
        );
        let open = -1;
        let next = 0;
        for (const frame of frames) {
          if (frame.type === "content_block_start") {
            expect([open, frame.index]).toEqual([-1, next]);
            open = frame.index;
            next += 1;
          }
          if (frame.type === "content_block_delta" || frame.type === "content_block_stop")
            expect(frame.index).toBe(open);
          if (frame.type === "content_block_stop") open = -1;
        }
        expect(open).toBe(-1);
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
    expect(first).toMatchObject({ type: "message_start", message: { id: "req_1" } });
  });
});

describe("the end", () => {
  test("comes once: whatever follows it is not sent", () => {
    const error: ModelEvent = { type: "error", error: new GatewayError("upstream", "x") };
    expect(encodeAll([start, finish(), finish(), error, start]).slice(2)).toEqual(["", "", ""]);
    expect(encodeAll([error, start, finish(), error]).slice(1)).toEqual(["", "", ""]);
  });

  test("of a failed turn is an error frame, never message_stop", () => {
    const [, last = ""] = encodeAll([start, finish({ reason: "error", rawReason: "error_during_execution" })]);
    expect(framesOf(last)).toMatchObject([{ type: "error", error: { type: "api_error" }, request_id: "req_1" }]);
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

describe("blocks", () => {
  test("grow by one frame for each delta, at once", () => {
    const events: ModelEvent[] = ["a", "b"].map((text) => ({ type: "text-delta", id: "1", text }));
    expect(framesOf(encodeAll([start, ...events])[2] ?? "")).toEqual([
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "b" } },
    ]);
  });

  test("open with their first text, so that none is empty", () => {
    const empty: ModelEvent[] = [
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", text: "" },
      { type: "text-end", id: "1" },
    ];
    expect(typesOf(empty)).toEqual(["message_start"]);
  });

  test("of thinking end with their signature, also when the thinking itself is withheld", () => {
    const thinking: ModelEvent[] = [
      { type: "reasoning-start", id: "1" },
      { type: "reasoning-end", id: "1", signature: "EqQB" },
    ];
    expect(typesOf(thinking).slice(1)).toEqual(["content_block_start", "signature_delta", "content_block_stop"]);
  });

  test("do not show what the backend runs itself", () => {
    const hidden: ModelEvent[] = [
      { type: "tool-input-start", id: "t", toolName: "Bash", executedBy: "backend" },
      { type: "tool-input-delta", id: "t", delta: "{}" },
      { type: "tool-input-end", id: "t" },
      { type: "tool-result", id: "t", content: "x", isError: false },
    ];
    expect(typesOf(hidden)).toEqual(["message_start"]);
  });

  test("of one id but two types are two", () => {
    const shared: ModelEvent[] = [
      { type: "tool-input-start", id: "1", toolName: "lookup", executedBy: "client" },
      { type: "reasoning-delta", id: "1", text: "hm" },
    ];
    expect(typesOf(shared).slice(1)).toEqual([
      "content_block_start",
      "content_block_stop",
      "content_block_start",
      "thinking_delta",
    ]);
  });

  test("left open are closed before the end", () => {
    const open: ModelEvent[] = [
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", text: "a" },
      { type: "tool-input-start", id: "t", toolName: "lookup", executedBy: "client" },
      finish(),
    ];
    expect(typesOf(open).slice(1)).toEqual([
      "content_block_start",
      "text_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
  });
});
