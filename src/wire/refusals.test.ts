/** A model's own refusal has a place in both of OpenAI's formats, and is no filter's: SDKs make an error of that. */
import { describe, expect, test } from "bun:test";

import OpenAI from "openai";

import type { ModelEvent } from "#core/events.ts";
import { collect } from "#core/response.ts";
import type { UpstreamFormat } from "#core/upstream-format.ts";
import { noUsage } from "#core/usage.ts";
import type { WireFormat } from "#core/wire-format.ts";

import { anthropicMessages } from "./anthropic-messages/index.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiChatUpstream } from "./openai-chat/upstream/index.ts";
import { openaiResponses } from "./openai-responses/index.ts";
import { openaiResponsesUpstream } from "./openai-responses/upstream/index.ts";
import { fetchOf, fetchOfJson } from "./testing/byte-stream.ts";

const options = { requestId: "req_1", answerId: "resp_1", includeUsage: true, createdAt: 0 };
const delivery = { chunkSizes: [50], heartbeats: [false] };

const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: "c",
  choices: [{ delta, finish_reason }],
});
const chatFrames = [chunk({ refusal: "No " }), chunk({ refusal: "way" }), chunk({}, "stop")];
const chatWhole = { id: "c", choices: [{ message: { parsed: null, refusal: "No way" }, finish_reason: "stop" }] };

const item = (content: readonly object[]) => ({ type: "message", id: "m", role: "assistant", content });
const refused = item([{ type: "refusal", refusal: "No way" }]);
const at = { item_id: "m", output_index: 0, content_index: 0 };
const responsesFrames = [
  { type: "response.created", response: { id: "resp_0", model: "m" } },
  { type: "response.output_item.added", output_index: 0, item: item([]) },
  { type: "response.refusal.delta", ...at, delta: "No " },
  { type: "response.refusal.delta", ...at, delta: "way" },
  { type: "response.refusal.done", ...at, refusal: "No way" },
  { type: "response.output_item.done", output_index: 0, item: refused },
  { type: "response.completed", response: { id: "resp_0", status: "completed", output: [refused] } },
];
const responsesWhole = { id: "resp_0", object: "response", model: "m", status: "completed", output: [refused] };

function streamed({ createStreamDecoder }: UpstreamFormat, frames: readonly object[]): readonly ModelEvent[] {
  const decoder = createStreamDecoder();
  return [...frames.flatMap((frame) => decoder.decode(JSON.stringify(frame))), ...decoder.end()];
}

const refusals: [string, readonly ModelEvent[]][] = [
  ["a chat completion", openaiChatUpstream.decodeResponse(chatWhole)],
  ["chunks of chat", streamed(openaiChatUpstream, chatFrames)],
  ["a response", openaiResponsesUpstream.decodeResponse(responsesWhole)],
  ["events of a response", streamed(openaiResponsesUpstream, responsesFrames)],
  ["items of a response alone", streamed(openaiResponsesUpstream, responsesFrames.toSpliced(2, 3))],
];

async function wholeOf(format: WireFormat, events: readonly ModelEvent[]) {
  const batches = (async function* () {
    yield events;
  })();
  return format.encodeResponse(await collect(batches), options);
}

function streamOf(format: WireFormat, events: readonly ModelEvent[]) {
  const encoder = format.createStreamEncoder(options);
  const frames = events.map((event) => encoder.encode(event));
  return fetchOf(frames, format.heartbeat, delivery);
}

const sdk = (fetch: typeof globalThis.fetch) =>
  new OpenAI({ apiKey: "key", baseURL: "http://127.0.0.1/v1", maxRetries: 0, fetch });

const json_schema = { name: "answer", strict: true, schema: { type: "object" } };
const chat = {
  model: "any",
  messages: [{ role: "user" as const, content: "hi" }],
  response_format: { type: "json_schema" as const, json_schema },
};
const response = { model: "any", input: "hi", text: { format: { type: "json_schema" as const, ...json_schema } } };

describe.each(refusals)("a refusal in %s", (_title, events) => {
  test("is one to who parses chat completions, whole and streamed", async () => {
    const { chat: whole } = sdk(fetchOfJson(await wholeOf(openaiChat, events)));
    const { chat: stream } = sdk(streamOf(openaiChat, events));
    // As OpenAI's own, a stream begins with an empty content.
    expect(await wholeOf(openaiChat, events)).toMatchObject({ choices: [{ message: { content: null } }] });
    const completions = [
      await whole.completions.parse(chat),
      await stream.completions.stream(chat).finalChatCompletion(),
    ];
    for (const { choices } of completions)
      expect(choices).toMatchObject([{ message: { parsed: null, refusal: "No way" }, finish_reason: "stop" }]);
  });

  test("is one to who parses responses, whole and streamed", async () => {
    const { responses: whole } = sdk(fetchOfJson(await wholeOf(openaiResponses, events)));
    const { responses: stream } = sdk(streamOf(openaiResponses, events));
    const answers = [await whole.parse(response), await stream.stream(response).finalResponse()];
    for (const answer of answers)
      expect(answer).toMatchObject({
        status: "completed",
        incomplete_details: null,
        output: [{ type: "message", status: "completed", content: [{ type: "refusal", refusal: "No way" }] }],
      });
  });

  test("is a text that ends as refused to an Anthropic client", async () => {
    expect(await wholeOf(anthropicMessages, events)).toMatchObject({
      content: [{ type: "text", text: "No way" }],
      stop_reason: "refusal",
    });
  });
});

test("a refusal behind a text is one beside it", async () => {
  const events = streamed(openaiChatUpstream, [chunk({ content: "Well." }), ...chatFrames]);
  expect(await wholeOf(openaiChat, events)).toMatchObject({
    choices: [{ message: { content: "Well.", refusal: "No way" }, finish_reason: "stop" }],
  });
  expect(await wholeOf(openaiResponses, events)).toMatchObject({
    status: "completed",
    output: [
      { content: [{ type: "output_text", text: "Well." }] },
      { content: [{ type: "refusal", refusal: "No way" }] },
    ],
  });
});

test("what was said before a filter cut it off is no refusal", async () => {
  const events = streamed(openaiChatUpstream, [chunk({ content: "Well" }), chunk({}, "content_filter")]);
  expect(await wholeOf(openaiChat, events)).toMatchObject({
    choices: [{ message: { content: "Well", refusal: null }, finish_reason: "content_filter" }],
  });
  expect(await wholeOf(openaiResponses, events)).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "content_filter" },
    output: [{ content: [{ type: "output_text", text: "Well" }] }],
  });
});

test.each([openaiChat, openaiResponses])("$id: an end by a filter stays one where there are calls", async (format) => {
  const usage = { ...noUsage, inputTokens: 1, outputTokens: 1 };
  const events: readonly ModelEvent[] = [
    { type: "start", responseId: "r", model: "m", usage },
    { type: "step-start" },
    { type: "text-start", id: "t", refuses: true },
    { type: "text-delta", id: "t", text: "No way" },
    { type: "text-end", id: "t" },
    { type: "tool-input-start", id: "call_1", toolName: "f", executedBy: "client" },
    { type: "tool-input-end", id: "call_1" },
    { type: "step-end", usage },
    { type: "finish", reason: "content-filter", rawReason: "refusal", usage, steps: 1 },
  ];
  const encoder = format.createStreamEncoder(options);
  const stream = events.map((event) => encoder.encode(event)).join("");
  const whole = async function* () {
    yield events;
  };
  const answer = JSON.stringify(format.encodeResponse(await collect(whole()), options));
  for (const told of [stream, answer]) expect(told).toContain('"content_filter"');
});
