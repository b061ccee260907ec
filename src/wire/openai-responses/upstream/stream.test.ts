import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import type { ModelEvent } from "#core/events.ts";
import type { ResponsePart } from "#core/response.ts";
import { noUsage } from "#core/usage.ts";
import { createSseParser } from "#lib/sse.ts";
import { createStreamEncoder } from "#wire/openai-responses/stream.ts";
import { anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";
import { goldenTurn } from "#wire/testing/golden-turn.ts";
import { aiSdkResponseReadingOf } from "#wire/testing/responses-readings.ts";
import { faultIn, seenOf } from "#wire/testing/seen.ts";

import { createStreamDecoder, isTelling } from "./stream.ts";
import { responseRead } from "./testing/response-read.ts";

const options = { requestId: "req_1", answerId: "resp_01", includeUsage: true, createdAt: 0 };

/** Cut into pieces of so many bytes. */
function framesIn(stream: string, size = 1 << 20): string[] {
  const parser = createSseParser();
  const bytes = new TextEncoder().encode(stream);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.slice(at * size, (at + 1) * size),
  );
  return pieces.flatMap((piece) => parser.push(piece)).map(({ data }) => data);
}

function framesOf(events: readonly ModelEvent[], size?: number): string[] {
  const encoder = createStreamEncoder(options);
  return framesIn(events.map((event) => encoder.encode(event)).join(""), size);
}

function decodeAll(frames: readonly string[]): readonly ModelEvent[] {
  const decoder = createStreamDecoder();
  const events = [...frames.flatMap((data) => decoder.decode(data)), ...decoder.end()];
  expect(faultIn(events)).toBeUndefined();
  return events;
}

const frame = (type: string, more: object = {}) => JSON.stringify({ type, ...more });
const created = frame("response.created", { response: { id: "resp_1", model: "m", output: [], usage: null } });
const added = (output_index: number, item: object) => frame("response.output_item.added", { output_index, item });
const done = (output_index: number, item: object) => frame("response.output_item.done", { output_index, item });
const text = (output_index: number, delta: string, more: object = {}) =>
  frame("response.output_text.delta", { output_index, item_id: `i${output_index}`, content_index: 0, delta, ...more });
const over = (output: readonly object[] = [], more: object = {}) =>
  frame("response.completed", { response: { id: "resp_1", model: "m", status: "completed", output, ...more } });
const message = (words: string, id = "i0") => ({
  type: "message",
  id,
  content: [{ type: "output_text", text: words }],
});
const partsIn = (frames: readonly string[]) => seenOf(decodeAll([created, ...frames])).parts;

describe("a stream", () => {
  test("of our own is read back as the turn it was", () => {
    fc.assert(
      fc.property(anyTurn, fc.integer({ min: 1, max: 900 }), (turn, size) => {
        const decoded = decodeAll(framesOf(eventsOf(turn), size));
        expect(responseRead(decoded)).toEqual(aiSdkResponseReadingOf(turn));
        const { id, model, usage } = seenOf(decoded);
        expect({ id, model, usage }).toEqual({
          id: "resp_01",
          model: turn.model,
          // The format does not say how long a cache is kept.
          usage: { ...turn.finish.usage, cacheWrite1hInputTokens: 0 },
        });
      }),
      { numRuns: 50 },
    );
  });

  test("with everything in it keeps the order of its blocks, and what was sealed", () => {
    const { parts } = seenOf(decodeAll(framesOf(goldenTurn)));
    expect(parts.map(({ type }) => type)).toEqual(["reasoning", "text", "reasoning", "text", "tool-call", "tool-call"]);
    expect(parts[0]).toMatchObject({ signature: expect.stringMatching(/^openai-responses:rs_.+:ccproxy\.1\./) });
  });

  test("tells each item once, whether in pieces, as a whole, at the end of all, or each of these", () => {
    const items = [
      { type: "reasoning", id: "i0", summary: [{ type: "summary_text", text: "hm" }], encrypted_content: "gAAA" },
      message("so", "i1"),
      { type: "function_call", id: "i2", call_id: "c", name: "f", arguments: '{"x":1}' },
    ];
    const pieces = [
      added(0, { type: "reasoning", id: "i0", summary: [] }),
      frame("response.reasoning_summary_text.delta", { output_index: 0, item_id: "i0", summary_index: 0, delta: "hm" }),
      done(0, items[0] ?? {}),
      added(1, { type: "message", id: "i1", content: [] }),
      text(1, "s"),
      text(1, "o"),
      done(1, items[1] ?? {}),
      added(2, { ...items[2], arguments: "" }),
      frame("response.function_call_arguments.delta", { output_index: 2, item_id: "i2", delta: '{"x":1}' }),
      done(2, items[2] ?? {}),
    ];
    const told: ResponsePart[] = [
      { type: "reasoning", text: "hm", signature: "openai-responses:i0:gAAA" },
      { type: "text", text: "so", citations: [] },
      { type: "tool-call", callId: "", toolName: "f", inputJson: '{"x":1}', executedBy: "client" },
    ];
    const isDone = (data: string) => data.includes("output_item.done");
    expect(partsIn([...pieces, over(items)])).toEqual(told);
    expect(partsIn([...pieces, over()])).toEqual(told);
    expect(partsIn([...pieces.filter(isDone), over()])).toEqual(told);
    expect(partsIn([...pieces.filter((data) => !isDone(data)), over(items)])).toEqual(told);
    expect(partsIn([over(items)])).toEqual(told);
    expect(partsIn([...pieces.slice(0, 5), over(items)])).toEqual(told);
  });

  test("may lack places and ids, or give an item another id each time", () => {
    const bare = (type: string, delta: string) => frame(type, { delta });
    const thought = bare("response.reasoning_text.delta", "hm");
    expect(
      partsIn([thought, bare("response.output_text.delta", "a"), bare("response.output_text.delta", "b"), over()]),
    ).toMatchObject([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "ab" },
    ]);
    const frames = [added(0, message("", "x")), text(0, "a", { item_id: "y" }), text(0, "b", { item_id: "z" })];
    expect(partsIn([...frames, done(0, message("ab", "w")), over([message("ab", "v")])])).toMatchObject([
      { text: "ab" },
    ]);
  });

  test("tells items that overlap one after the other", () => {
    const call = (at: number) => ({ type: "function_call", id: `i${at}`, call_id: `c${at}`, name: "f" });
    const piece = (at: number, delta: string) =>
      frame("response.function_call_arguments.delta", { output_index: at, item_id: `i${at}`, delta });
    const frames = [added(0, call(0)), added(1, call(1)), piece(1, "{"), piece(0, "{"), piece(1, "}"), piece(0, "}")];
    expect(partsIn([...frames, over()])).toMatchObject([{ inputJson: "{}" }, { inputJson: "{}" }]);
  });

  test("parts the thoughts that it parts", () => {
    const thought = (summary_index: number, delta: string) =>
      frame("response.reasoning_summary_text.delta", { output_index: 0, item_id: "i0", summary_index, delta });
    const summary = [
      { type: "summary_text", text: "one" },
      { type: "summary_text", text: "two" },
    ];
    const frames = [
      thought(0, "o"),
      thought(0, "ne"),
      thought(1, "two"),
      done(0, { type: "reasoning", id: "i0", summary }),
    ];
    expect(partsIn([...frames, over()])).toEqual([{ type: "reasoning", text: "one\n\ntwo" }]);
  });

  test("knows a custom tool by its text, and a namespace by its name", () => {
    const call = { type: "custom_tool_call", id: "i0", call_id: "c", name: "patch", namespace: "fs", input: "" };
    const piece = (delta: string) =>
      frame("response.custom_tool_call_input.delta", { output_index: 0, item_id: "i0", delta });
    const told = [{ toolName: "fs__patch", inputJson: JSON.stringify({ input: 'a "b"\n😀' }) }];
    const pieces = [added(0, call), piece('a "b"'), piece("\n😀")];
    expect(partsIn([...pieces, done(0, { ...call, input: 'a "b"\n😀' }), over()])).toMatchObject(told);
    expect(partsIn([done(0, { ...call, input: 'a "b"\n😀' }), over()])).toMatchObject(told);
    expect(partsIn([added(0, call), over([call])])).toMatchObject([{ inputJson: '{"input":""}' }]);
  });

  test("cites pages, as they come or with the whole", () => {
    const annotation = { type: "url_citation", url: "https://x", title: "X", start_index: 0, end_index: 1 };
    const other = { type: "file_citation", file_id: "f" };
    const cited = { ...message("a"), content: [{ type: "output_text", text: "a", annotations: [annotation, other] }] };
    const told = [{ text: "a", citations: [{ type: "web_search_result_location", url: "https://x", title: "X" }] }];
    const coming = frame("response.output_text.annotation.added", { output_index: 0, item_id: "i0", annotation });
    expect(partsIn([text(0, "a"), coming, done(0, cited), over()])).toMatchObject(told);
    expect(partsIn([done(0, cited), over()])).toMatchObject(told);
  });

  test("shows nothing of what is no part of an answer", () => {
    const search = { type: "web_search_call", id: "ws", status: "completed" };
    const frames = [
      frame("response.queued"),
      frame("keepalive"),
      added(0, search),
      frame("response.web_search_call.searching", { output_index: 0, item_id: "ws" }),
      done(0, search),
      added(1, message("", "i1")),
      done(1, message("", "i1")),
      added(2, { type: "reasoning", id: "i2", summary: [] }),
      done(2, { type: "reasoning", id: "i2", summary: [], encrypted_content: null }),
    ];
    expect(partsIn([...frames, over([search])])).toEqual([]);
  });
});

describe("an end", () => {
  const ended = (response: object) =>
    decodeAll([created, frame(`response.${"status" in response ? String(response.status) : ""}`, { response })]).at(-1);

  test.each([
    [{ status: "completed", output: [message("a")] }, "stop", "completed"],
    [{ status: "completed", output: [{ type: "function_call", call_id: "c", name: "f" }] }, "tool-calls", "completed"],
    [
      { status: "completed", output: [{ type: "message", content: [{ type: "refusal", refusal: "No." }] }] },
      "content-filter",
      "completed",
    ],
    [{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }, "length", "max_output_tokens"],
    [{ status: "incomplete", incomplete_details: { reason: "content_filter" } }, "content-filter", "content_filter"],
    [{ status: "incomplete" }, "length", "incomplete"],
  ])("of %j is %s", (response, reason, rawReason) => {
    expect(ended(response)).toMatchObject({ type: "finish", reason, rawReason });
  });

  test("counts tokens, or none", () => {
    const usage = {
      input_tokens: 10,
      output_tokens: 4,
      total_tokens: 14,
      input_tokens_details: { cached_tokens: 6, cache_write_tokens: 2 },
      output_tokens_details: { reasoning_tokens: 3 },
      cost: 0.25,
    };
    expect(ended({ status: "completed", usage })).toMatchObject({
      usage: {
        inputTokens: 10,
        outputTokens: 4,
        cacheReadInputTokens: 6,
        cacheWriteInputTokens: 2,
        reasoningTokens: 3,
      },
      costUsd: 0.25,
    });
    expect(ended({ status: "completed", usage: null })).toMatchObject({ usage: noUsage });
  });

  test("is told, with model and tokens, by a few of the frames", () => {
    fc.assert(
      fc.property(anyTurn, (turn) => {
        const frames = framesOf(eventsOf(turn));
        const telling = frames.filter(isTelling);
        expect(telling).toHaveLength(2);
        const { model, usage, reason } = seenOf(decodeAll(frames));
        expect(seenOf(decodeAll(telling))).toMatchObject({ model, usage, reason });
      }),
      { numRuns: 30 },
    );
    expect(isTelling('{"error":{"message":"no"}}')).toBe(true);
  });
});

describe("a failure", () => {
  const failed = (error: unknown) => frame("response.failed", { response: { id: "resp_1", status: "failed", error } });

  test.each<[string, string[], object]>([
    ["is a stream that is cut off", [created, text(0, "a")], { kind: "upstream" }],
    ["is a stream that only says that it is done", [created, "[DONE]"], { kind: "upstream" }],
    ["is no event at all", [], { kind: "upstream" }],
    ["is a frame that is no JSON", [created, "{"], { kind: "upstream" }],
    ["is a frame that is no object", [created, "7"], { kind: "upstream" }],
    [
      "is the end",
      [created, failed({ code: "rate_limit_exceeded", message: "Slow down" })],
      { kind: "rate-limit", message: "Slow down." },
    ],
    ["is an end without a word", [created, failed(null)], { kind: "upstream" }],
    [
      "is an end without a status",
      [
        created,
        frame("response.failed", { response: { id: "resp_1", error: { code: "server_error", message: "Oops" } } }),
      ],
      { kind: "upstream", message: "Oops." },
    ],
    [
      "stands beside the response",
      [created, frame("response.failed", { error: { code: "rate_limit_exceeded", message: "Slow down" } })],
      { kind: "rate-limit", message: "Slow down." },
    ],
    [
      "is a flat event",
      [created, frame("error", { code: "context_length_exceeded", message: "Too long", param: null })],
      { kind: "context-length", message: "Too long." },
    ],
    [
      "is an event of an error",
      [frame("error", { error: { type: "invalid_request_error", code: "model_not_found", message: "No such model" } })],
      { kind: "model-not-found" },
    ],
    [
      "is an error without a type",
      [JSON.stringify({ error: { code: 503, message: "Overloaded" } })],
      { kind: "overloaded" },
    ],
    ["is a list with an error", [JSON.stringify([{ error: { code: 429, message: "no" } }])], { kind: "rate-limit" }],
  ])("%s", (_title, frames, error) => {
    expect(decodeAll(frames).at(-1)).toMatchObject({ type: "error", error: expect.objectContaining(error) });
  });

  test("is not what comes after the end, nor a frame that is no event", () => {
    const frames = ["{}", "", text(0, "a"), over(), "[DONE]", "{", text(0, "b")];
    expect(partsIn(frames)).toMatchObject([{ text: "a" }]);
  });

  test("is not an end whose response says nothing of how it ended", () => {
    const cut = frame("response.incomplete", { response: { incomplete_details: { reason: "max_output_tokens" } } });
    expect(decodeAll([created, text(0, "a"), cut]).at(-1)).toMatchObject({ type: "finish", reason: "length" });
    expect(decodeAll([created, text(0, "a"), frame("response.completed", {})]).at(-1)).toMatchObject({
      reason: "stop",
    });
  });

  test("is not a beginning that is missing", () => {
    const decoded = decodeAll([text(0, "a"), over()]);
    expect(decoded[0]).toMatchObject({ type: "start", responseId: expect.stringMatching(/^resp_./) });
    expect(seenOf(decoded).parts).toMatchObject([{ text: "a" }]);
  });

  test("never breaks the form of the events, whatever the frames", () => {
    const call = { type: "function_call", id: "i1", call_id: "c", name: "f", arguments: "{}" };
    const piece = fc.constantFrom(
      created,
      text(0, "a"),
      text(1, "b"),
      added(0, message("")),
      done(0, message("ab")),
      added(1, call),
      done(1, call),
      done(2, call),
      added(2, { type: "reasoning", id: "i2" }),
      done(2, { type: "reasoning", id: "i2", encrypted_content: "e" }),
      frame("response.reasoning_text.delta", { output_index: 2, delta: "c" }),
      frame("response.function_call_arguments.delta", { item_id: "i1", delta: "{" }),
      frame("response.custom_tool_call_input.delta", { output_index: 1, delta: "x" }),
      frame("response.output_text.annotation.added", { annotation: 5 }),
      frame("response.output_item.done", { item: { type: 5 } }),
      frame("response.completed", { response: 5 }),
      frame("response.failed", { response: { status: "failed" } }),
      over([message("ab"), call]),
      "[DONE]",
      "nonsense",
      "{}",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (frames) => {
        expect(faultIn(decodeAll(frames))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});

test("a recorded stream is read as what was said", async () => {
  const stream = await Bun.file(`${import.meta.dir}/fixtures/stream.sse`).text();
  expect(responseRead(decodeAll(framesIn(stream)))).toEqual({
    text: "Looking it up.",
    reasoning: "Let me think.",
    toolCalls: [
      { id: "toolu_01", name: "lookup", arguments: '{"q":"a"}' },
      { id: "toolu_02", name: "lookup", arguments: '{"q":"b"}' },
    ],
    status: "completed",
    inputTokens: 120,
    outputTokens: 30,
  });
});
