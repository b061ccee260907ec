/** Random turns as fast-check sees them, for the tests of every wire format: the parts that make one up and the events it is sent as. */
import fc from "fast-check";

import type { FinishEvent, ModelEvent } from "#core/events.ts";
import type { Usage } from "#core/usage.ts";

export interface Turn {
  readonly responseId: string;
  readonly model: string;
  readonly startUsage: Usage;
  readonly steps: readonly (readonly Block[])[];
  readonly finish: FinishEvent;
}

export type Block = TextBlock | ReasoningBlock | ToolBlock;

interface TextBlock {
  readonly type: "text";
  readonly deltas: readonly string[];
  readonly citations: readonly unknown[];
}

interface ReasoningBlock {
  readonly type: "reasoning";
  readonly deltas: readonly string[];
  readonly signature?: string;
  readonly redactedData?: string;
}

interface ToolBlock {
  readonly type: "tool";
  readonly toolName: string;
  readonly executedBy: "client" | "backend";
  readonly deltas: readonly string[];
}

/** What breaks naive encoders: frame syntax, line separators, cut surrogate pairs, quotes. */
const awkwardText = fc.constantFrom(
  "\n\ndata: [DONE]\n\n",
  "event: error\r\ndata: {}",
  "\u2028\u2029\u0000",
  "😀",
  "\uD83D",
  "\uDE00",
  '"\\"',
  ": ",
);
const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 12 }), awkwardText);
const deltas = fc.array(text, { maxLength: 4 });
const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,12}$/u);

const citations = fc.array(
  fc.constantFrom<Record<string, unknown>>(
    {
      type: "web_search_result_location",
      url: "https://example.test/a",
      title: "A page",
      cited_text: "cited",
      encrypted_index: "Eo8B",
    },
    {
      type: "char_location",
      cited_text: "cited",
      document_index: 0,
      document_title: null,
      start_char_index: 0,
      end_char_index: 5,
      file_id: null,
    },
  ),
  { maxLength: 2 },
);

const textBlock: fc.Arbitrary<Block> = fc.record({ type: fc.constant("text" as const), deltas, citations });

const reasoningBlock: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant("reasoning" as const), deltas, signature: fc.base64String({ minLength: 4 }) }),
  fc.record({ type: fc.constant("reasoning" as const), deltas }),
  fc.record({
    type: fc.constant("reasoning" as const),
    deltas: fc.constant([]),
    redactedData: fc.base64String({ minLength: 4 }),
  }),
);

/** Keys like `__proto__` are left out: the AI SDK refuses them, whoever sends them. */
const inputKey = fc.string({ maxLength: 6 }).filter((key) => !(key in {}));
const input = fc.dictionary(inputKey, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text)), {
  maxKeys: 3,
});

const toolBlock: fc.Arbitrary<Block> = fc
  .tuple(name, fc.constantFrom("client" as const, "backend" as const), input, fc.integer({ min: 1, max: 9 }))
  .map(([toolName, executedBy, value, size]) => ({
    type: "tool" as const,
    toolName,
    executedBy,
    deltas: Object.keys(value).length === 0 ? [] : cut(JSON.stringify(value), size),
  }));

function cut(whole: string, size: number): string[] {
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
    whole.slice(index * size, (index + 1) * size),
  );
}

const tokens = fc.nat({ max: 100_000 });
const usage: fc.Arbitrary<Usage> = fc
  .tuple(tokens, tokens, tokens, tokens, tokens, tokens)
  .map(([uncached, read, write5m, write1h, reasoning, spoken]) => ({
    inputTokens: uncached + read + write5m + write1h,
    outputTokens: reasoning + spoken,
    cacheReadInputTokens: read,
    cacheWriteInputTokens: write5m + write1h,
    cacheWrite1hInputTokens: write1h,
    reasoningTokens: reasoning,
  }));

const ending = fc.constantFrom<Pick<FinishEvent, "reason" | "rawReason" | "stopSequence">>(
  { reason: "stop" },
  { reason: "stop", rawReason: "end_turn" },
  { reason: "stop", rawReason: "stop_sequence", stopSequence: "\nEND" },
  { reason: "length", rawReason: "max_tokens" },
  { reason: "tool-calls", rawReason: "tool_use" },
  { reason: "content-filter", rawReason: "refusal" },
);

/** Any turn a backend could answer with, except a failed one. */
export const anyTurn: fc.Arbitrary<Turn> = fc
  .record({
    responseId: name,
    model: name,
    startUsage: usage,
    steps: fc.array(fc.array(fc.oneof(textBlock, reasoningBlock, toolBlock), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    }),
    ending,
    totals: usage,
  })
  .map(({ ending: how, totals, ...turn }) => ({
    ...turn,
    finish: { type: "finish", ...how, usage: totals, steps: turn.steps.length },
  }));

/** The well-formed event sequence of a turn. Ids are `b<step>.<block>`, unique within it. */
export function eventsOf(turn: Turn): ModelEvent[] {
  const { responseId, model, startUsage, steps, finish } = turn;
  return [
    { type: "start", responseId, model, usage: startUsage },
    ...steps.flatMap((blocks, step): ModelEvent[] => [
      { type: "step-start" },
      ...blocks.flatMap((block, index) => blockEvents(block, `b${step}.${index}`)),
      { type: "step-end", usage: startUsage },
    ]),
    finish,
  ];
}

function blockEvents(block: Block, id: string): ModelEvent[] {
  switch (block.type) {
    case "text":
      return [
        { type: "text-start", id },
        ...block.citations.map((citation) => ({ type: "text-citation" as const, id, citation })),
        ...block.deltas.map((delta) => ({ type: "text-delta" as const, id, text: delta })),
        { type: "text-end", id },
      ];
    case "reasoning": {
      const { redactedData, signature } = block;
      return [
        { type: "reasoning-start", id, ...(redactedData !== undefined && { redactedData }) },
        ...block.deltas.map((delta) => ({ type: "reasoning-delta" as const, id, text: delta })),
        { type: "reasoning-end", id, ...(signature !== undefined && { signature }) },
      ];
    }
    case "tool":
      return [
        { type: "tool-input-start", id, toolName: block.toolName, executedBy: block.executedBy },
        ...block.deltas.map((delta) => ({ type: "tool-input-delta" as const, id, delta })),
        { type: "tool-input-end", id },
        ...(block.executedBy === "backend"
          ? [{ type: "tool-result" as const, id, content: "done", isError: false }]
          : []),
      ];
  }
}

/**
 * Events in an order no backend should send: some lost, some repeated where they do not belong, one turn after another.
 * Tool input alone is never repeated: clients may well refuse what is no JSON.
 */
export const anyEvents: fc.Arbitrary<ModelEvent[]> = fc
  .array(fc.tuple(anyTurn, fc.infiniteStream(fc.nat())), { minLength: 1, maxLength: 2 })
  .map((turns) => turns.flatMap(([turn, random]) => disorder(eventsOf(turn), random)));

function disorder(events: readonly ModelEvent[], random: fc.Stream<number>): ModelEvent[] {
  const strays = events.filter((event) => event.type !== "tool-input-delta" && event.type !== "finish");
  return events.flatMap((event): ModelEvent[] => {
    if (event.type === "tool-input-delta") return [event];
    const [roll = 0, pick = 0] = random.take(2);
    if (roll % 4 === 0) return [];
    const stray = strays[pick % strays.length];
    return roll % 4 === 1 && stray !== undefined ? [event, stray] : [event];
  });
}
