import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import type { ModelEvent } from "#core/events.ts";
import type { UpstreamFormat } from "#core/upstream-format.ts";
import type { WireFormat } from "#core/wire-format.ts";
import { createSseParser, encodeSseFrame, type SseFrame } from "#lib/sse.ts";

import { anthropicMessages } from "./anthropic-messages/index.ts";
import { anthropicMessagesUpstream } from "./anthropic-messages/upstream/index.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiChatUpstream } from "./openai-chat/upstream/index.ts";
import { openaiResponses } from "./openai-responses/index.ts";
import { openaiResponsesUpstream } from "./openai-responses/upstream/index.ts";
import { anyTurn, eventsOf, type Turn } from "./testing/event-sequences.ts";
import { goldenTurn } from "./testing/golden-turn.ts";
import { faultIn, seenOf } from "./testing/seen.ts";
import { strictFaultIn } from "./testing/strict-order.ts";

interface Api {
  readonly client: WireFormat;
  readonly upstream: UpstreamFormat;
}

const apis: readonly Api[] = [
  { client: anthropicMessages, upstream: anthropicMessagesUpstream },
  { client: openaiChat, upstream: openaiChatUpstream },
  { client: openaiResponses, upstream: openaiResponsesUpstream },
];
const pairs = apis.flatMap((client) =>
  apis.map((upstream) => [client.client.id, upstream.client.id, client, upstream] as const),
);

const options = { requestId: "req_1", answerId: "resp_01", includeUsage: true, createdAt: 0 };

function streamOf({ client }: Api, events: readonly ModelEvent[]): string {
  const encoder = client.createStreamEncoder(options);
  return events.map((event) => encoder.encode(event)).join("");
}

function framesIn(stream: string, size = 1 << 20): SseFrame[] {
  const parser = createSseParser();
  const bytes = new TextEncoder().encode(stream);
  const starts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => index * size);
  return starts.flatMap((start) => parser.push(bytes.subarray(start, start + size)));
}

function eventsIn({ upstream }: Api, frames: readonly SseFrame[]): readonly ModelEvent[] {
  const decoder = upstream.createStreamDecoder();
  return [...frames.flatMap(({ data }) => decoder.decode(data)), ...decoder.end()];
}

/** What no pair may lose. */
function toldBy(events: readonly ModelEvent[]) {
  const { parts, reason, usage } = seenOf(events);
  return {
    // Texts of their own become paragraphs of one in a format that has but one.
    text: parts
      .map((part) => (part.type === "text" ? part.text : ""))
      .join("")
      .replaceAll(/\s/gu, ""),
    calls: parts.flatMap((part) =>
      part.type === "tool-call" ? [[part.toolName, JSON.parse(part.inputJson || "{}")]] : [],
    ),
    ids: events.flatMap((event) =>
      event.type === "tool-input-start" && event.executedBy === "client" ? [event.id] : [],
    ),
    reason,
    // Only one format says how long a cache is kept.
    usage: { ...usage, cacheWrite1hInputTokens: 0 },
  };
}

/** Frames that were lost, came twice, came early, have fields nobody knows, or are none. */
const anyDamage = fc.infiniteStream(fc.nat());

function damaged(frames: readonly SseFrame[], random: fc.Stream<number>): readonly SseFrame[] {
  return frames.flatMap((frame): SseFrame[] => {
    const [roll = 0, pick = 0] = random.take(2);
    const other = frames[pick % frames.length] ?? frame;
    switch (roll % 12) {
      case 0:
        return [];
      case 1:
        return [frame, other];
      case 2:
        return [{ ...frame, data: withUnknown(frame.data) }];
      case 3:
        return [{ event: "news", data: '{"type":"news","news":{"index":0}}' }, frame];
      case 4:
        return pick % 8 === 0 ? [{ ...frame, data: frame.data.slice(0, pick % frame.data.length) }] : [frame];
      default:
        return [frame];
    }
  });
}

function withUnknown(data: string): string {
  return data.startsWith("{") ? `{"unheard_of":{"of":[null,1]},${data.slice(1)}` : data;
}

test.each(apis)("a fault of order is seen", (api) => {
  const frames = framesIn(streamOf(api, goldenTurn)).map(encodeSseFrame);
  const faultOf = (changed: readonly string[]) => strictFaultIn(api.client.id, changed.join(""));
  expect(faultOf(frames)).toBeUndefined();
  for (const broken of [frames.slice(1), frames.slice(0, -1), frames.toReversed(), frames.toSpliced(1, 0, ...frames)])
    expect(faultOf(broken)).toBeString();
});

// proves("translation-properties")
describe.each(pairs)("%s of %s", (_client, _upstream, client, upstream) => {
  const translated = (turn: Turn, size?: number, change = (data: string): string => data) => {
    const frames = framesIn(streamOf(upstream, eventsOf(turn)), size);
    const events = eventsIn(
      upstream,
      frames.map((frame) => ({ ...frame, data: change(frame.data) })),
    );
    const stream = streamOf(client, events);
    expect(strictFaultIn(client.client.id, stream)).toBeUndefined();
    return eventsIn(client, framesIn(stream));
  };

  test("keeps words, calls, their ids and arguments, reason and usage, however the stream is cut", () => {
    fc.assert(
      fc.property(anyTurn, fc.integer({ min: 1, max: 600 }), (turn, size) => {
        const { text, ...told } = toldBy(eventsOf(turn));
        // OpenAI's formats say in words that an answer was refused.
        const words = told.reason === "content-filter" ? expect.stringContaining(text) : text;
        expect(toldBy(translated(turn, size))).toEqual({ ...told, text: words });
        expect(toldBy(translated(turn, undefined, withUnknown))).toEqual({ ...told, text: words });
      }),
      { numRuns: 12 },
    );
  });

  test("is a stream in its client's strict order, whatever becomes of the upstream's", () => {
    fc.assert(
      fc.property(anyTurn, anyDamage, fc.integer({ min: 1, max: 600 }), (turn, random, size) => {
        const frames = damaged(framesIn(streamOf(upstream, eventsOf(turn))), random);
        const events = eventsIn(upstream, framesIn(frames.map(encodeSseFrame).join(""), size));
        expect(faultIn(events)).toBeUndefined();
        expect(strictFaultIn(client.client.id, streamOf(client, events))).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });
});
