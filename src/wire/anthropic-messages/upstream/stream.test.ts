import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import type { ModelEvent } from "#core/events.ts";
import { createSseParser } from "#lib/sse.ts";
import { createStreamEncoder } from "#wire/anthropic-messages/stream.ts";
import { anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";
import { goldenTurn } from "#wire/testing/golden-turn.ts";
import { faultIn, seenOf } from "#wire/testing/seen.ts";

import { createStreamDecoder, isTelling } from "./stream.ts";

const options = { requestId: "req_1", includeUsage: true, createdAt: 0 };

function framesOf(events: readonly ModelEvent[]): string[] {
  const encoder = createStreamEncoder(options);
  const bytes = new TextEncoder().encode(events.map((event) => encoder.encode(event)).join(""));
  return createSseParser()
    .push(bytes)
    .map(({ data }) => data);
}

function decodeAll(frames: readonly string[]): readonly ModelEvent[] {
  const decoder = createStreamDecoder();
  return [...frames.flatMap((data) => decoder.decode(data)), ...decoder.end()];
}

const message = (more: object = {}) =>
  JSON.stringify({ type: "message_start", message: { id: "m", model: "x", usage: { input_tokens: 3 }, ...more } });
const block = (content_block: object, index = 0) =>
  JSON.stringify({ type: "content_block_start", index, content_block });
const delta = (given: object, index = 0) => JSON.stringify({ type: "content_block_delta", index, delta: given });
const over = (stop_reason: string | null, usage: object = { output_tokens: 2 }) =>
  JSON.stringify({ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage });
const end = JSON.stringify({ type: "message_stop" });

describe("a stream", () => {
  test("of our own is read back as the turn it was", () => {
    fc.assert(
      fc.property(anyTurn, (turn) => {
        const events = eventsOf(turn);
        const decoded = decodeAll(framesOf(events));
        expect(faultIn(decoded)).toBeUndefined();
        // How long a cache is kept stands in the first frame alone.
        const { cacheWrite1hInputTokens } = turn.startUsage;
        const seen = seenOf(events);
        expect(seenOf(decoded)).toEqual({ ...seen, usage: { ...seen.usage, cacheWrite1hInputTokens } });
      }),
      { numRuns: 60 },
    );
  });

  test("with everything in it keeps ids, signatures and the order of calls", () => {
    const decoded = decodeAll(framesOf(goldenTurn));
    const signed = decoded.find((event) => event.type === "reasoning-end");
    expect(signed).toMatchObject({ signature: "EqQB" });
    expect(decoded.flatMap((event) => (event.type === "tool-input-start" ? [event.id] : []))).toEqual([
      "toolu_01",
      "toolu_02",
    ]);
  });

  test("tells the tokens of its end over those of its beginning", () => {
    const frames = [message(), over("end_turn", { input_tokens: null, output_tokens: 7 }), end];
    expect(decodeAll(frames).at(-1)).toMatchObject({
      usage: { inputTokens: 3, outputTokens: 7 },
      rawReason: "end_turn",
    });
  });

  test("shows tools that Anthropic runs as the backend's, with what they gave", () => {
    const frames = [
      message(),
      block({ type: "server_tool_use", id: "s", name: "web_search", input: {} }),
      delta({ type: "input_json_delta", partial_json: '{"query":"x"}' }),
      block({ type: "web_search_tool_result", tool_use_id: "s", content: [{ title: "t" }] }, 1),
      over("end_turn"),
      end,
    ];
    const decoded = decodeAll(frames);
    expect(decoded).toContainEqual({
      type: "tool-input-start",
      id: "s",
      toolName: "web_search",
      executedBy: "backend",
    });
    expect(decoded).toContainEqual({ type: "tool-result", id: "s", content: [{ title: "t" }], isError: false });
  });

  test.each<[string, string[], object]>([
    ["ends before its message does", [message(), block({ type: "text", text: "" })], { kind: "upstream" }],
    ["is no JSON", [message(), "{"], { kind: "upstream" }],
    ["never began", [], { kind: "upstream" }],
    [
      "says what failed",
      [message(), JSON.stringify({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } })],
      { kind: "overloaded", message: "Overloaded." },
    ],
    ["says so in a form of its own", [message(), '{"error":"Overloaded"}'], { message: "Overloaded." }],
    [
      "says so beside its type",
      [message(), '{"type":"error","code":429,"message":"Slow down"}'],
      { kind: "rate-limit", message: "Slow down." },
    ],
    ["is of plain words", [message(), "upstream gone"], { kind: "upstream" }],
    [
      "has a broken event",
      [message(), JSON.stringify({ type: "content_block_delta", index: "x" })],
      { kind: "upstream" },
    ],
  ])("that %s is a failure", (_title, frames, error) => {
    expect(decodeAll(frames).at(-1)).toMatchObject({ type: "error", error: expect.objectContaining(error) });
  });

  test("whose end says 0 of its input has the count of its beginning", () => {
    const counted = decodeAll([message(), over("end_turn", { input_tokens: 0, output_tokens: 0 }), end]);
    expect(seenOf(counted).usage).toMatchObject({ inputTokens: 3, outputTokens: 0 });
    const known = decodeAll([message(), over("end_turn", { input_tokens: 7, cache_read_input_tokens: 2 }), end]);
    expect(seenOf(known).usage).toMatchObject({ inputTokens: 9, cacheReadInputTokens: 2 });
  });

  test("that says it is over beside calls ends with them", () => {
    const call = block({ type: "tool_use", id: "t", name: "f", input: {} });
    expect(decodeAll([message(), call, over("end_turn")]).at(-1)).toMatchObject({ reason: "tool-calls" });
    expect(decodeAll([message(), call, over("max_tokens")]).at(-1)).toMatchObject({ reason: "length" });
    const search = block({ type: "server_tool_use", id: "s", name: "web_search", input: {} });
    expect(decodeAll([message(), search, over("end_turn")]).at(-1)).toMatchObject({ reason: "stop" });
  });

  test("gives each call an id that no other has", () => {
    const call = { type: "tool_use", name: "f", input: {} };
    const frames = [
      message(),
      block(call),
      block({ ...call, id: null }, 1),
      block({ ...call, id: "t" }, 2),
      block({ ...call, id: "t" }, 3),
    ];
    const ids = decodeAll([...frames, over("tool_use")]).flatMap((event) =>
      event.type === "tool-input-start" ? [event.id] : [],
    );
    expect(ids).toEqual(["toolu_m_1", "toolu_m_2", "t", "toolu_m_4"]);
  });

  test("may lack its very last frame, hold pings, unknown events and blocks, and go on after its end", () => {
    const frames = [
      message(),
      JSON.stringify({ type: "ping" }),
      "",
      JSON.stringify({ type: "new_event", index: 1 }),
      block({ type: "new_block", data: 1 }),
      delta({ type: "new_delta" }),
      over("end_turn"),
    ];
    expect(decodeAll(frames).map(({ type }) => type)).toEqual(["start", "step-start", "step-end", "finish"]);
    expect(decodeAll([...frames, end, over("max_tokens"), "[DONE]"]).at(-1)).toMatchObject({ reason: "stop" });
  });

  test("may tell its blocks side by side: each is whole, in the order they began", () => {
    const stop = (index: number) => JSON.stringify({ type: "content_block_stop", index });
    const frames = [
      message(),
      block({ type: "thinking", thinking: "" }, 0),
      block({ type: "text", text: "" }, 1),
      delta({ type: "thinking_delta", thinking: "h" }, 0),
      block({ type: "tool_use", id: "t", name: "n", input: {} }, 2),
      delta({ type: "text_delta", text: "a" }, 1),
      delta({ type: "input_json_delta", partial_json: '{"a":' }, 2),
      delta({ type: "thinking_delta", thinking: "m" }, 0),
      delta({ type: "input_json_delta", partial_json: "1}" }, 2),
      stop(2),
      delta({ type: "signature_delta", signature: "s" }, 0),
      stop(0),
      delta({ type: "text_delta", text: "b" }, 1),
      stop(1),
      over("tool_use"),
      end,
    ];
    const events = decodeAll(frames);
    expect(faultIn(events)).toBeUndefined();
    expect(seenOf(events)).toMatchObject({
      parts: [
        { type: "reasoning", text: "hm", signature: "s" },
        { type: "text", text: "ab" },
        { type: "tool-call", toolName: "n", inputJson: '{"a":1}' },
      ],
    });
  });

  test("stays well-formed whatever comes in it", () => {
    const piece = fc.constantFrom(
      message(),
      block({ type: "text", text: "a" }),
      block({ type: "tool_use", id: "t", name: "n", input: {} }, 1),
      block({ type: "thinking", thinking: "" }, 2),
      delta({ type: "text_delta", text: "b" }),
      delta({ type: "input_json_delta", partial_json: "{}" }, 1),
      delta({ type: "signature_delta", signature: "s" }, 2),
      JSON.stringify({ type: "content_block_stop", index: 1 }),
      over(null),
      over("tool_use"),
      end,
      "nonsense",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (frames) => {
        expect(faultIn(decodeAll(frames))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  test("tells its model, tokens and end by a few of its frames", () => {
    fc.assert(
      fc.property(anyTurn, (turn) => {
        const frames = framesOf(eventsOf(turn));
        const counted = decodeAll(frames.filter(isTelling));
        const { usage, model, stopSequence } = seenOf(decodeAll(frames));
        expect(seenOf(counted)).toMatchObject({ usage, model, stopSequence });
      }),
      { numRuns: 30 },
    );
  });
});
