import type { Answer, AnswerBlock } from "#demo/answer/answer.ts";
import type { StreamPart, Writer } from "#demo/format.ts";
import { customPieces } from "#demo/openai/custom.ts";
import { codeAndMessage } from "#demo/openai/error.ts";

import { endStatusOf, itemOf, partOf, responseOf, wantedOf } from "./response.ts";
import type { Wanted } from "./response.ts";
import type { ResponsesRequest } from "./schema.ts";

export function createResponsesWriter(request: ResponsesRequest): Writer {
  const wanted = wantedOf(request);
  return {
    whole: (answer) => responseOf(answer, wanted, { status: endStatusOf(answer), output: itemsOf(answer, wanted) }),
    stream: (answer) => numbered(eventsOf(answer, wanted)),
    failed: (answer, failure, { sent }) => {
      const error = codeAndMessage(failure);
      const data = answer.quirks.has("error-event")
        ? { type: "error", ...error, param: null }
        : { type: "response.failed", response: responseOf(answer, wanted, { status: "failed", error }) };
      return { name: data.type, data: { ...data, sequence_number: sent } };
    },
  };
}

interface Event {
  readonly kind?: StreamPart["kind"];
  readonly type: string;
  readonly [field: string]: unknown;
}

function* numbered(events: Iterable<Event>): Generator<StreamPart, void> {
  let number = 0;
  for (const { kind = "frame", ...data } of events) {
    yield { kind, event: { name: data.type, data: { ...data, sequence_number: number } } };
    number += 1;
  }
}

function* eventsOf(answer: Answer, wanted: Wanted): Generator<Event, void> {
  const begun = responseOf(answer, wanted, { status: "in_progress" });
  yield { kind: "start", type: "response.created", response: begun };
  yield { kind: "start", type: "response.in_progress", response: begun };
  const items = itemsOf(answer, wanted);
  for (const [index, block] of answer.blocks.entries()) {
    const place = { item_id: idOf(block, index, answer), output_index: index };
    const item = begunItem(block, place.item_id, wanted, answer);
    yield { type: "response.output_item.added", output_index: index, item };
    yield* contentOf(block, place, wanted, answer);
    yield { type: "response.output_item.done", output_index: index, item: items[index] };
  }
  const status = endStatusOf(answer);
  yield { kind: "end", type: `response.${status}`, response: responseOf(answer, wanted, { status, output: items }) };
}

interface ItemPlace {
  readonly item_id: string;
  readonly output_index: number;
}

function contentOf(block: AnswerBlock, place: ItemPlace, wanted: Wanted, { quirks }: Answer): Iterable<Event> {
  switch (block.type) {
    case "text":
    case "refusal":
      return partEvents(block, { ...place, content_index: 0 });
    case "thinking":
      if (quirks.has("reasoning-text")) return openReasoning(block.pieces, { ...place, content_index: 0 });
      return wanted.summaries ? summaryEvents(block.pieces, { ...place, summary_index: 0 }) : [];
    case "redacted_thinking":
      return [];
    case "tool_use":
      return callEvents(block, place, { wanted, whole: quirks.has("whole-calls") });
  }
}

function* partEvents(block: Extract<AnswerBlock, { type: "text" | "refusal" }>, place: object): Generator<Event, void> {
  const text = block.pieces.join("");
  const logprobs = block.type === "text" ? { logprobs: [] } : {};
  const type = block.type === "text" ? "response.output_text" : "response.refusal";
  const whole = block.type === "text" ? { text } : { refusal: text };
  yield { type: "response.content_part.added", ...place, part: partOf(block, "") };
  for (const delta of block.pieces) yield { kind: "delta", type: `${type}.delta`, ...place, delta, ...logprobs };
  yield { type: `${type}.done`, ...place, ...whole, ...logprobs };
  yield { type: "response.content_part.done", ...place, part: partOf(block) };
}

function* summaryEvents(pieces: readonly string[], place: object): Generator<Event, void> {
  const text = pieces.join("");
  const type = "response.reasoning_summary_text";
  yield { type: "response.reasoning_summary_part.added", ...place, part: { type: "summary_text", text: "" } };
  for (const delta of pieces) yield { kind: "delta", type: `${type}.delta`, ...place, delta };
  yield { type: `${type}.done`, ...place, text };
  yield { type: "response.reasoning_summary_part.done", ...place, part: { type: "summary_text", text } };
}

/** As models do whose reasoning is no secret. */
function* openReasoning(pieces: readonly string[], place: object): Generator<Event, void> {
  const text = pieces.join("");
  yield { type: "response.content_part.added", ...place, part: { type: "reasoning_text", text: "" } };
  for (const delta of pieces) yield { kind: "delta", type: "response.reasoning_text.delta", ...place, delta };
  yield { type: "response.reasoning_text.done", ...place, text };
  yield { type: "response.content_part.done", ...place, part: { type: "reasoning_text", text } };
}

function* callEvents(
  { name, input, pieces: json }: Extract<AnswerBlock, { type: "tool_use" }>,
  place: ItemPlace,
  { wanted, whole }: { readonly wanted: Wanted; readonly whole: boolean },
): Generator<Event, void> {
  const custom = wanted.customTools.includes(name);
  const pieces = custom ? customPieces(input) : json;
  const text = pieces.join("");
  const type = custom ? "response.custom_tool_call_input" : "response.function_call_arguments";
  for (const delta of whole ? [text] : pieces) yield { kind: "delta", type: `${type}.delta`, ...place, delta };
  yield { type: `${type}.done`, ...place, ...(custom ? { input: text } : { name, arguments: text }) };
}

/** The item before anything is in it. */
function begunItem(block: AnswerBlock, id: string, wanted: Wanted, { quirks }: Answer): object {
  const emptied = "pieces" in block ? { ...block, pieces: [] } : block;
  const item = itemOf(
    emptied,
    id,
    { ...wanted, encrypted: false, summaries: false },
    { quirks, status: "in_progress" },
  );
  if ("input" in item) return { ...item, input: "" };
  return "content" in item ? { ...item, content: [] } : item;
}

function itemsOf(answer: Answer, wanted: Wanted): readonly object[] {
  const { blocks, quirks } = answer;
  return blocks.map((block, index) => {
    const status = index === blocks.length - 1 ? endStatusOf(answer) : "completed";
    return itemOf(block, idOf(block, index, answer), wanted, { quirks, status });
  });
}

function idOf(block: AnswerBlock, index: number, { number }: Answer): string {
  const prefixes = { text: "msg", refusal: "msg", thinking: "rs", redacted_thinking: "rs", tool_use: "fc" } as const;
  return `${prefixes[block.type]}_demo_${number}_${index}`;
}
