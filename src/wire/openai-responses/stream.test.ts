import { describe, expect, test } from "bun:test";

import fc from "fast-check";
import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import type { FinishEvent, ModelEvent } from "#core/events.ts";
import type { ModelRequest } from "#core/request.ts";
import { noUsage } from "#core/usage.ts";
import { createSseParser } from "#lib/sse.ts";
import { anyDelivery, fetchOf } from "#wire/testing/byte-stream.ts";
import { anyEvents, anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";
import { goldenTurn } from "#wire/testing/golden-turn.ts";
import { openaiEvents } from "#wire/testing/responses-clients.ts";
import { responseReadingOf } from "#wire/testing/responses-readings.ts";

import { openSummary, sealSummary } from "./compaction.ts";
import { decodeRequest } from "./request.ts";
import { responseEventSchema } from "./schema.ts";
import { createStreamEncoder, heartbeat } from "./stream.ts";

const options = { requestId: "req_1", answerId: "resp_01", includeUsage: true, createdAt: 1_795_200_000_500 };
const request = decodeRequest({ model: "m", input: "hi" });
const start: ModelEvent = { type: "start", responseId: "msg_1", model: "m", usage: noUsage };
function encodeAll(events: readonly ModelEvent[], of: ModelRequest = request): string[] {
  const encoder = createStreamEncoder({ ...options, request: of });
  return events.map((event) => encoder.encode(event));
}

function finish(fields: Partial<FinishEvent> = {}): FinishEvent {
  return { type: "finish", reason: "stop", usage: noUsage, steps: 1, ...fields };
}

type Frame = v.InferOutput<typeof responseEventSchema>;

function framesOf(stream: string): Frame[] {
  const frames = createSseParser().push(new TextEncoder().encode(stream));
  return frames.map(({ event, data }) => {
    const parsed = v.parse(responseEventSchema, JSON.parse(data));
    expect(parsed).toEqual(JSON.parse(data));
    expect(event).toBe(parsed.type);
    return parsed;
  });
}

const framesFrom = (events: readonly ModelEvent[], of?: ModelRequest) => framesOf(encodeAll(events, of).join(""));

function callEvents(toolName: string, ...deltas: readonly string[]): ModelEvent[] {
  return [
    { type: "tool-input-start", id: "toolu_1", toolName, executedBy: "client" },
    ...deltas.map((delta): ModelEvent => ({ type: "tool-input-delta", id: "toolu_1", delta })),
    { type: "tool-input-end", id: "toolu_1" },
  ];
}

test("a turn with everything in it becomes the golden stream", async () => {
  const golden = await Bun.file(`${import.meta.dir}/fixtures/stream.sse`).text();
  expect(encodeAll(goldenTurn).join("")).toBe(golden);
});

// proves("stream-token-level"); by every client, many times over: test/e2e/wire-sdk
test("any turn, cut into any chunks, reads as what was said by the OpenAI SDK", async () => {
  await fc.assert(
    fc.asyncProperty(anyTurn, anyDelivery, async (turn, delivery) => {
      const stream = fetchOf(encodeAll(eventsOf(turn)), heartbeat, delivery);
      expect(await openaiEvents(stream)).toEqual(responseReadingOf(turn));
    }),
    { numRuns: 10 },
  );
});

describe("events in an order no backend should send", () => {
  test("still make a well-formed stream with one end", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const frames = framesFrom([...events, finish()]);
        expect(frames.map(({ sequence_number: number }) => number)).toEqual(frames.map((_, index) => index));
        expect(frames.slice(0, 2).map(({ type }) => type)).toEqual(["response.created", "response.in_progress"]);
        const isEnd = ({ type }: Frame) => type === "response.completed" || type === "response.incomplete";
        expect(frames.findIndex(isEnd)).toBe(frames.length - 1);
        const added = frames.filter(({ type }) => type === "response.output_item.added").length;
        expect(frames.filter(({ type }) => type === "response.output_item.done")).toHaveLength(added);
      }),
      { numRuns: 30 },
    );
  });
});

describe("the end", () => {
  const endOf = (events: readonly ModelEvent[]) => framesFrom([start, ...events]).at(-1);

  test("of a turn cut short says why", () => {
    const cut: ModelEvent[] = [{ type: "text-delta", id: "1", text: "hal" }, finish({ reason: "length" })];
    expect(endOf(cut)).toMatchObject({
      type: "response.incomplete",
      response: {
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        output: [{ type: "message", status: "incomplete", content: [{ text: "hal" }] }],
      },
    });
  });

  test("of a refused turn says so, in a part of its own where nothing else was said", () => {
    expect(endOf([finish({ reason: "content-filter" })])).toMatchObject({
      type: "response.incomplete",
      response: {
        incomplete_details: { reason: "content_filter" },
        output: [{ content: [{ type: "refusal", refusal: "The model declined to answer this request." }] }],
      },
    });
  });

  test("of a failed turn carries the error, and nothing follows it", () => {
    const error = new GatewayError("context-length", "Too long.");
    const frames = framesFrom([start, { type: "error", error }, finish(), { type: "text-delta", id: "1", text: "x" }]);
    expect(frames.at(-1)).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error: { code: "context_length_exceeded", message: "Too long." } },
    });
    expect(frames).toHaveLength(3);
  });

  test("of a failed turn leaves undone what was being said, which Codex would go on from", () => {
    const said: ModelEvent[] = [
      { type: "text-delta", id: "1", text: "hal" },
      { type: "error", error: new GatewayError("upstream", "Lost.") },
    ];
    const frames = framesFrom([start, ...said]);
    expect(frames.map(({ type }) => type)).not.toContain("response.output_item.done");
    expect(frames.at(-1)).toMatchObject({
      response: { status: "failed", output: [{ status: "incomplete", content: [{ text: "hal" }] }] },
    });
  });

  test("of a cancelled turn says so, and can be told beforehand", () => {
    const encoder = createStreamEncoder({ ...options, request });
    for (const event of [start, { type: "text-delta", id: "1", text: "hal" } as const]) encoder.encode(event);
    const error = new GatewayError("cancelled", "On demand.");
    const told = encoder.cutBy?.(error);
    expect(told).toMatchObject({ id: "resp_01", status: "cancelled", output: [{ content: [{ text: "hal" }] }] });
    encoder.encode({ type: "text-delta", id: "1", text: "f" });
    encoder.encode({ type: "error", error });
    expect(encoder.result?.()).toMatchObject({ status: "cancelled", output: [{ content: [{ text: "half" }] }] });
    expect(encoder.cutBy?.(new GatewayError("upstream", "Later."))).toEqual(encoder.result?.());
  });

  test("of a stream that never began is one that Codex and the SDKs know", () => {
    const encoder = createStreamEncoder({ requestId: "req_1", includeUsage: true, createdAt: 0 });
    const frames = framesOf(encoder.encode({ type: "error", error: new GatewayError("overloaded", "Later.") }));
    expect(frames.map(({ type }) => type)).toEqual(["response.created", "response.in_progress", "response.failed"]);
  });
});

describe("a summary", () => {
  const asking = decodeRequest({ input: [{ role: "user", content: "hi" }, { type: "compaction_trigger" }] });

  test("is one item, which opens as what the model said", () => {
    const thinking: ModelEvent[] = [
      { type: "reasoning-start", id: "1" },
      { type: "reasoning-delta", id: "1", text: "hm" },
      { type: "reasoning-end", id: "1" },
    ];
    const said = ["All ", "of it."].map((text): ModelEvent => ({ type: "text-delta", id: "2", text }));
    const frames = framesFrom([start, ...thinking, ...said, finish()], asking);
    expect(frames.map(({ type }) => type.replace("response.", ""))).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "output_item.done",
      "completed",
    ]);
    expect(frames.at(-1)).toMatchObject({
      response: { output: [{ type: "compaction", encrypted_content: sealSummary("All of it.") }] },
    });
    expect(openSummary(sealSummary("All of it."))).toEndWith("All of it.");
  });

  test("that is empty is none: the conversation would be lost", () => {
    expect(framesFrom([start, finish()], asking).at(-1)).toMatchObject({ response: { status: "failed", output: [] } });
  });
});

describe("tools", () => {
  const tools = decodeRequest({
    input: "hi",
    tools: [
      { type: "custom", name: "apply_patch" },
      { type: "namespace", name: "fs", tools: [{ type: "function", name: "read" }] },
    ],
  });

  test("a custom tool's call is the text alone", () => {
    const frames = framesFrom([start, ...callEvents("apply_patch", '{"input":"*** Be', 'gin"}'), finish()], tools);
    expect(frames.filter(({ type }) => type.includes("custom_tool_call_input"))).toMatchObject([
      { delta: "*** Be" },
      { delta: "gin" },
      { input: "*** Begin" },
    ]);
    expect(frames.at(-1)).toMatchObject({
      response: { output: [{ type: "custom_tool_call", call_id: "toolu_1", name: "apply_patch", input: "*** Begin" }] },
    });
  });

  test("a tool in a namespace is called there", () => {
    const frames = framesFrom([start, ...callEvents("fs__read", "{}"), finish()], tools);
    expect(frames.at(-1)).toMatchObject({
      response: { output: [{ type: "function_call", namespace: "fs", name: "read", arguments: "{}" }] },
    });
  });
});
