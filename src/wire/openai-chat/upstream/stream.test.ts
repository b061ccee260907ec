import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import type { ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";
import { createSseParser } from "#lib/sse.ts";
import { createStreamEncoder } from "#wire/openai-chat/stream.ts";
import { aiSdkChatReadingOf } from "#wire/testing/chat-readings.ts";
import { anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";
import { goldenTurn } from "#wire/testing/golden-turn.ts";
import { faultIn, seenOf } from "#wire/testing/seen.ts";

import { createStreamDecoder, isTelling } from "./stream.ts";
import { chatRead } from "./testing/chat-read.ts";

const options = { requestId: "req_1", includeUsage: true, createdAt: 0 };

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

const chunk = (delta: object | null, more: object = {}, choice: object = {}) =>
  JSON.stringify({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason: null, ...choice }], ...more });
const over = (finish_reason = "stop", more: object = {}) => chunk({}, more, { finish_reason });
const calls = (...tool_calls: readonly object[]) => chunk({ tool_calls });
const piece = (index: number | undefined, id: string | undefined, name: string | undefined, json?: unknown) => ({
  index,
  id,
  function: { name, arguments: json },
});

/** The calls of an answer: id, name and arguments. */
const callsIn = (frames: readonly string[]) =>
  chatRead(decodeAll([...frames, over("tool_calls")])).toolCalls.map((call) => [call.id, call.name, call.arguments]);

describe("a stream", () => {
  test("of our own is read back as the turn it was", () => {
    fc.assert(
      fc.property(anyTurn, fc.integer({ min: 1, max: 600 }), (turn, size) => {
        const decoded = decodeAll(framesOf(eventsOf(turn), size));
        expect(chatRead(decoded)).toEqual(aiSdkChatReadingOf(turn));
        const { id, model, usage } = seenOf(decoded);
        expect({ id, model, usage }).toEqual({
          id: turn.responseId,
          model: turn.model,
          // The format does not say how long a cache is kept.
          usage: { ...turn.finish.usage, cacheWrite1hInputTokens: 0 },
        });
      }),
      { numRuns: 50 },
    );
  });

  test("with everything in it keeps the order of its blocks, and what cites a page", () => {
    const decoded = decodeAll(framesOf(goldenTurn));
    const parts = seenOf(decoded).parts.map(({ type }) => type);
    expect(parts).toEqual(["reasoning", "text", "tool-call", "tool-call"]);
    const cited = decodeAll([
      chunk({ content: "so" }),
      chunk({ annotations: [{ type: "url_citation", url_citation: { url: "https://x", title: "X" } }, { type: "?" }] }),
      over(),
    ]);
    expect(seenOf(cited).parts).toMatchObject([
      { text: "so", citations: [{ type: "web_search_result_location", url: "https://x", title: "X" }] },
    ]);
  });

  test.each(["reasoning_content", "reasoning"])("thinks in the field %s", (field) => {
    const decoded = decodeAll([chunk({ role: "assistant", content: "" }), chunk({ [field]: "hm" }), over()]);
    expect(seenOf(decoded).parts).toEqual([{ type: "reasoning", text: "hm" }]);
  });

  test("has no empty blocks", () => {
    const empty = { content: "", reasoning_content: "", reasoning: null, refusal: null, tool_calls: null };
    const types = decodeAll([chunk(empty), chunk(null), chunk({ content: null }), over()]).map(({ type }) => type);
    expect(types).toEqual(["start", "step-start", "step-end", "finish"]);
  });

  test("that refuses is a text, and says so at its end", () => {
    const decoded = decodeAll([chunk({ refusal: "I will " }), chunk({ refusal: "not." }), over()]);
    expect(seenOf(decoded)).toMatchObject({ parts: [{ text: "I will not." }], reason: "content-filter" });
  });

  test.each([
    ["stop", "stop"],
    ["length", "length"],
    ["tool_calls", "tool-calls"],
    ["function_call", "tool-calls"],
    ["content_filter", "content-filter"],
    ["eos", "stop"],
  ])("that ends with %s ends with %s", (raw, reason) => {
    expect(decodeAll([chunk({ content: "a" }), over(raw)]).at(-1)).toMatchObject({ reason, rawReason: raw });
  });

  test("that says stop beside calls, or with every chunk, is neither over nor without calls", () => {
    const stopping = (delta: object) => chunk(delta, {}, { finish_reason: "stop" });
    const frames = [
      stopping({ reasoning_content: "h" }),
      stopping({ reasoning_content: "m" }),
      stopping({ tool_calls: [piece(0, "a", "f", '{"x"')] }),
      stopping({ tool_calls: [piece(0, undefined, undefined, ":1}")] }),
    ];
    const decoded = decodeAll(frames);
    expect(seenOf(decoded).parts).toMatchObject([{ text: "hm" }, { inputJson: '{"x":1}' }]);
    expect(decoded.at(-1)).toMatchObject({ reason: "tool-calls", rawReason: "stop" });
  });

  test("may break a silence with events that say nothing", () => {
    expect(seenOf(decodeAll(["", chunk({ content: "a" }), " ", over(), ""])).parts).toMatchObject([{ text: "a" }]);
  });

  test("may have its thoughts among the parts of its content", () => {
    const thought = { type: "thinking", thinking: [{ type: "text", text: "hm" }] };
    const frames = [chunk({ content: [thought] }), chunk({ content: [{ type: "text", text: "a" }, { type: "new" }] })];
    expect(seenOf(decodeAll([...frames, over()])).parts).toMatchObject([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "a" },
    ]);
  });

  test("may have one call under the old name for it", () => {
    const frames = [
      chunk({ function_call: { name: "f", arguments: "" } }),
      chunk({ function_call: { arguments: "{}" } }),
    ];
    expect(callsIn(frames)).toEqual([["call_c_1", "f", "{}"]]);
  });

  test("gets an id where it has none", () => {
    expect(decodeAll([JSON.stringify({ choices: [{ delta: { content: "a" } }] }), over()])[0]).toMatchObject({
      type: "start",
      responseId: expect.stringMatching(/^chatcmpl-./),
      model: "",
    });
  });
});

describe("calls", () => {
  test.each<[string, string[], string[][]]>([
    [
      "in pieces",
      [calls(piece(0, "a", "f", "")), calls(piece(0, undefined, undefined, '{"x":')), calls(piece(0, "", "", "1}"))],
      [["a", "f", '{"x":1}']],
    ],
    [
      "one after the other",
      [
        calls(piece(0, "a", "f", "")),
        calls(piece(0, undefined, undefined, "{}")),
        calls(piece(1, "b", "g", '{"x":1}')),
      ],
      [
        ["a", "f", "{}"],
        ["b", "g", '{"x":1}'],
      ],
    ],
    [
      "whole in one chunk",
      [calls(piece(0, "a", "f", "{}"), piece(1, "b", "f", '{"x":1}'))],
      [
        ["a", "f", "{}"],
        ["b", "f", '{"x":1}'],
      ],
    ],
    [
      "whole in one chunk without an index",
      [calls(piece(undefined, "a", "f", "{}"), piece(undefined, "b", "g", "{}"))],
      [
        ["a", "f", "{}"],
        ["b", "g", "{}"],
      ],
    ],
    [
      "all of the same index",
      [calls(piece(0, "a", "f", "{}")), calls(piece(0, "b", "g", "{}"))],
      [
        ["a", "f", "{}"],
        ["b", "g", "{}"],
      ],
    ],
    [
      "of the same index and without ids",
      [calls(piece(0, undefined, "f", "{}")), calls(piece(0, undefined, "f", '{"x":1}'))],
      [
        ["call_c_1", "f", "{}"],
        ["call_c_2", "f", '{"x":1}'],
      ],
    ],
    [
      "interleaved",
      [
        calls(piece(0, "a", "f", '{"x"'), piece(1, "b", "g", '{"y"')),
        calls(piece(1, undefined, undefined, ":2}")),
        calls(piece(0, undefined, undefined, ":1}")),
      ],
      [
        ["a", "f", '{"x":1}'],
        ["b", "g", '{"y":2}'],
      ],
    ],
    [
      "with id and name in every piece",
      [calls(piece(0, "a", "f", '{"x"')), calls(piece(0, "a", "f", ":1}")), calls(piece(0, "a", "f", ""))],
      [["a", "f", '{"x":1}']],
    ],
    [
      "whose pieces after the first have neither index nor name",
      [calls(piece(undefined, "a", "f", '{"x"')), calls(piece(undefined, undefined, undefined, ":1}"))],
      [["a", "f", '{"x":1}']],
    ],
    [
      "that are named late",
      [calls(piece(0, "a", undefined, '{"x"')), calls(piece(0, undefined, "f", ":1}"))],
      [["a", "f", '{"x":1}']],
    ],
    [
      "with one id for all",
      [calls(piece(0, "a", "f", "{}"), piece(1, "a", "g", "{}"))],
      [
        ["a", "f", "{}"],
        ["call_c_2", "g", "{}"],
      ],
    ],
    ["with arguments that are no text", [calls(piece(0, "a", "f", { x: 1 }))], [["a", "f", '{"x":1}']]],
    ["without arguments", [calls(piece(0, "a", "f"))], [["a", "f", "{}"]]],
    ["without a name", [calls(piece(0, "a", "", "{}"))], []],
  ])("%s are read", (_title, frames, read) => {
    expect(callsIn(frames)).toEqual(read);
  });

  test("are told as they come, up to one that begins amid another", () => {
    const decoder = createStreamDecoder();
    const types = (frame: string) => decoder.decode(frame).map(({ type }) => type);
    types(chunk({ content: "a" }));
    expect(types(calls(piece(0, "a", "f", '{"x"')))).toEqual(["text-end", "tool-input-start", "tool-input-delta"]);
    expect(types(calls(piece(1, "b", "g", "{}")))).toEqual([]);
    expect(types(calls(piece(0, undefined, undefined, ":1}")))).toEqual(["tool-input-delta"]);
    expect(types(chunk({ content: "b" }))).toEqual([
      "tool-input-end",
      "tool-input-start",
      "tool-input-delta",
      "tool-input-end",
      "text-start",
      "text-delta",
    ]);
  });

  test.each<[string, string[]]>([
    [
      "with the call",
      [calls({ ...piece(0, "a", "f", "{}"), extra_content: { google: { thought_signature: "Cs0" } } })],
    ],
    [
      "behind it",
      [
        calls(piece(0, "a", "f", "{}")),
        chunk({ content: "", extra_content: { google: { thought_signature: "Cs0" } } }),
      ],
    ],
  ])("of Google's API keep the signature that comes %s", (_title, frames) => {
    const { parts } = seenOf(decodeAll([...frames, over()]));
    expect(parts).toContainEqual({ type: "reasoning", text: "", signature: "openai-chat:Cs0" });
    expect(parts).toHaveLength(2);
  });
});

describe("tokens", () => {
  const usage = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 };

  test.each<[string, string[], object]>([
    ["behind the end", [over(), JSON.stringify({ choices: [], usage })], { inputTokens: 10, outputTokens: 4 }],
    ["with the end", [over("stop", { usage })], { inputTokens: 10, outputTokens: 4 }],
    [
      "with every chunk, more each time",
      [chunk({ content: "a" }, { usage: { prompt_tokens: 10, completion_tokens: 1 } }), over("stop", { usage })],
      { inputTokens: 10, outputTokens: 4 },
    ],
    ["in the choice", [chunk({}, {}, { finish_reason: "stop", usage })], { inputTokens: 10, outputTokens: 4 }],
    ["under x_groq", [over("stop", { x_groq: { usage } })], { inputTokens: 10, outputTokens: 4 }],
    ["nowhere", [over("stop", { usage: null })], noUsage],
    [
      "with caches and thinking",
      [
        over("stop", {
          usage: {
            ...usage,
            prompt_tokens_details: { cached_tokens: 6, cache_write_tokens: 2 },
            completion_tokens_details: { reasoning_tokens: 3 },
          },
        }),
      ],
      { cacheReadInputTokens: 6, cacheWriteInputTokens: 2, reasoningTokens: 3 },
    ],
    [
      "with DeepSeek's word for a cache",
      [over("stop", { usage: { ...usage, prompt_cache_hit_tokens: 6 } })],
      { cacheReadInputTokens: 6 },
    ],
    [
      "with thinking in the total alone",
      [over("stop", { usage: { prompt_tokens: 10, completion_tokens: 4, total_tokens: 20 } })],
      { outputTokens: 10 },
    ],
  ])("%s are counted", (_title, frames, counted) => {
    expect(decodeAll([chunk({ content: "a" }), ...frames]).at(-1)).toMatchObject({ usage: counted });
  });

  test("have the price that OpenRouter says", () => {
    expect(decodeAll([over("stop", { usage: { ...usage, cost: 0.25 } })]).at(-1)).toMatchObject({ costUsd: 0.25 });
  });

  test("are told, with model and end, by a few of the chunks", () => {
    fc.assert(
      fc.property(anyTurn, (turn) => {
        const frames = framesOf(eventsOf(turn));
        const telling = frames.filter(isTelling);
        expect(telling.length).toBeLessThanOrEqual(4 + (turn.finish.reason === "content-filter" ? 1 : 0));
        const counted = seenOf(decodeAll(telling));
        expect(counted).toMatchObject({ model: turn.model, usage: seenOf(decodeAll(frames)).usage });
      }),
      { numRuns: 30 },
    );
  });
});

describe("a failure", () => {
  test.each<[string, string[], object]>([
    ["is an end without a reason", [chunk({ content: "a" })], { kind: "upstream" }],
    ["is no chunk at all", [], { kind: "upstream" }],
    ["is nothing but an end", ["[DONE]"], { kind: "upstream" }],
    ["is a chunk that is no JSON", [chunk({ content: "a" }), "{"], { kind: "upstream" }],
    ["is a chunk that is no object", [chunk({ content: "a" }), "7"], { kind: "upstream" }],
    [
      "is said in a chunk",
      [JSON.stringify({ error: { message: "Slow down", type: "requests", code: "rate_limit_exceeded" } })],
      { kind: "rate-limit", message: "Slow down." },
    ],
    [
      "is said by OpenRouter",
      [chunk({ content: "" }, { error: { code: 502, message: "Provider disconnected" } }, { finish_reason: "error" })],
      { kind: "upstream", message: "Provider disconnected." },
    ],
    [
      "is said by vLLM",
      [JSON.stringify({ object: "error", message: "maximum context length is 5", type: "BadRequestError", code: 400 })],
      { kind: "context-length" },
    ],
    ["is said by FastAPI", [JSON.stringify({ detail: "no" })], { kind: "upstream", message: "no." }],
    ["is the reason of the end", [chunk({ content: "a" }), over("error")], { kind: "upstream" }],
  ])("%s", (_title, frames, error) => {
    expect(decodeAll(frames).at(-1)).toMatchObject({ type: "error", error: expect.objectContaining(error) });
  });

  test.each<[string, string[]]>([
    ["a frame that is missing at the end", [chunk({ content: "a" }), over()]],
    ["a reason that is missing where the server says that it is done", [chunk({ content: "a" }), "[DONE]"]],
    ["a chunk that is none", [chunk({ content: "a" }), "{}", JSON.stringify({ choices: [] }), over(), "[DONE]"]],
    ["Azure's first chunk", [JSON.stringify({ id: "", model: "", choices: [] }), chunk({ content: "a" }), over()]],
    ["what comes after the end", [chunk({ content: "a" }), over(), "[DONE]", "{", chunk({ content: "b" })]],
    [
      "another choice",
      [chunk({ content: "a" }), JSON.stringify({ choices: [{ index: 1, delta: { content: "b" } }] }), over()],
    ],
  ])("is not: %s", (_title, frames) => {
    expect(seenOf(decodeAll(frames))).toMatchObject({ id: "c", parts: [{ text: "a" }], reason: "stop" });
  });

  test("never breaks the form of the events, whatever the chunks", () => {
    const frame = fc.constantFrom(
      chunk({ content: "a" }),
      chunk({ reasoning: "b" }),
      chunk({ annotations: [{ type: "url_citation", url_citation: { url: "https://x" } }] }),
      calls(piece(0, "a", "f", "{")),
      calls(piece(0, undefined, undefined, "}")),
      calls(piece(1, "b", "g", "{}"), piece(undefined, undefined, "h", "")),
      calls({ index: 0, function: null, extra_content: { google: { thought_signature: "s" } } }),
      over("stop", { usage: { prompt_tokens: "x" } }),
      JSON.stringify({ choices: [{ delta: 5 }, null] }),
      JSON.stringify({ choices: [{ index: "0", delta: { tool_calls: [7], content: [{ type: "text", text: "p" }] } }] }),
      "[DONE]",
      "nonsense",
      "{}",
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
        expect(faultIn(decodeAll(frames))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});

test("a recorded stream is read as what was said", async () => {
  const stream = await Bun.file(`${import.meta.dir}/fixtures/stream.sse`).text();
  expect(chatRead(decodeAll(framesIn(stream)))).toEqual({
    text: "Looking it up.",
    reasoning: "Let me think.",
    toolCalls: [
      { id: "toolu_01", name: "lookup", arguments: '{"q":"a"}' },
      { id: "toolu_02", name: "lookup", arguments: '{"q":"b"}' },
    ],
    finishReason: "tool_calls",
    promptTokens: 120,
    completionTokens: 30,
  });
});
