import * as v from "valibot";

import type { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import { type BlockEvent, createInOrder } from "#core/in-order.ts";
import { brokenOff, unreadable } from "#core/refusal.ts";
import type { StreamDecoder } from "#core/upstream-format.ts";
import { noUsage } from "#core/usage.ts";
import { isRecord } from "#lib/is-record.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { saidIn } from "#lib/said-in.ts";

import { failedStream } from "./error.ts";
import {
  type Chunk,
  chunkSchema,
  citationsIn,
  type Delta,
  textOf,
  thoughtsOf,
  type ToolCallDelta,
  type UpstreamUsage,
} from "./schema.ts";
import { type Calls, createCalls } from "./tool-calls.ts";
import { usageOf } from "./usage.ts";

/** Of the blocks that are words. */
type Kind = "text" | "refusal" | "reasoning";

interface State {
  phase: "waiting" | "answering" | "ended";
  readonly seesAll: boolean;
  readonly tell: (event: BlockEvent) => readonly ModelEvent[];
  readonly calls: Calls;
  /** What may go on. */
  open: { readonly kind: Kind; readonly id: string } | undefined;
  blocks: number;
  refused: boolean;
  stop: string | undefined;
  usage: UpstreamUsage | undefined;
}

/** Well-formed events for any chunks: what has no place in the stream decodes to nothing. */
export function createStreamDecoder(sees?: "telling"): StreamDecoder {
  const state = startState(sees);
  return {
    // Some servers break a silence with an event that says nothing.
    decode: (data) => (state.phase === "ended" || data.trim() === "" ? [] : decodeFrame(state, data)),
    end: () => (state.phase === "ended" ? [] : end(state)),
  };
}

/** The same for one chunk that holds all there is. */
export function decodeWhole(chunk: Chunk): readonly ModelEvent[] {
  const state = startState();
  return [...decodeChunk(state, chunk), ...end(state)];
}

function startState(sees?: "telling"): State {
  return {
    phase: "waiting",
    seesAll: sees === undefined,
    tell: createInOrder(),
    calls: createCalls(),
    open: undefined,
    blocks: 0,
    refused: false,
    stop: undefined,
    usage: undefined,
  };
}

/** Chunks all look alike; what is asked about stands in members that the others lack, or have as null. */
export function isTelling(data: string): boolean {
  return data === "[DONE]" || /"(?:role|finish_reason|usage|error)"\s*:\s*["{]|"object"\s*:\s*"error"/.test(data);
}

function decodeFrame(state: State, data: string): readonly ModelEvent[] {
  if (data.trim() === "[DONE]") return end(state, state.phase === "answering" || !state.seesAll);
  const body = parseJsonText(data);
  if (isFailure(body)) return fail(state, failedStream(body));
  const chunk = v.safeParse(chunkSchema, body);
  return chunk.success ? decodeChunk(state, chunk.output) : fail(state, unreadable(data));
}

/** An error of any shape that `faultIn` reads. */
export function isFailure(body: unknown): boolean {
  if (!isRecord(body)) return Array.isArray(body);
  return Boolean(body["error"]) || (body["choices"] === undefined && saidIn(body) !== "");
}

function decodeChunk(state: State, { id, model, choices, usage, x_groq }: Chunk): readonly ModelEvent[] {
  const choice = choices?.find(({ index }) => (index ?? 0) === 0);
  // A part of the answer may tell of its tokens, the last has the final word.
  state.usage = usage ?? choice?.usage ?? x_groq?.usage ?? state.usage;
  if (choice === undefined) return [];
  const { delta, finish_reason: stop } = choice;
  const events = [...begin(state, id ?? "", model ?? ""), ...(delta ? decodeDelta(state, delta) : [])];
  // Some servers say `stop` with every chunk: the end comes after the last.
  if (typeof stop === "string" && stop !== "") state.stop = stop;
  return events;
}

function begin(state: State, id: string, model: string): readonly ModelEvent[] {
  if (state.phase !== "waiting") return [];
  state.phase = "answering";
  const responseId = id === "" ? `chatcmpl-${crypto.randomUUID()}` : id;
  state.calls.of(responseId);
  return [{ type: "start", responseId, model, usage: noUsage }, { type: "step-start" }];
}

function decodeDelta(state: State, delta: Delta): readonly ModelEvent[] {
  const { reasoning_content, reasoning, content, refusal, annotations, extra_content } = delta;
  const { tool_calls, function_call: called } = delta;
  if (refusal) state.refused = true;
  return [
    // Some servers say the same under both names.
    ...say(state, "reasoning", reasoning_content || reasoning || thoughtsOf(content)),
    ...say(state, "text", textOf(content)),
    ...say(state, "refusal", refusal ?? ""),
    ...cite(state, annotations),
    ...call(state, tool_calls ?? (called ? [{ index: 0, function: called }] : []), extra_content),
  ];
}

const reasons: Readonly<Record<string, FinishReason>> = {
  tool_calls: "tool-calls",
  function_call: "tool-calls",
  length: "length",
  max_tokens: "length",
  content_filter: "content-filter",
};

/** `isClean`: the server says so itself, if with no reason. */
function end(state: State, isClean = false): readonly ModelEvent[] {
  const { stop } = state;
  if (stop === undefined && !isClean) return fail(state, brokenOff());
  if (stop === "error") return fail(state, failedStream(undefined));
  const closing = [...close(state), ...state.calls.end().flatMap(state.tell)];
  state.phase = "ended";
  const usage = usageOf(state.usage);
  const { cost } = state.usage ?? {};
  return [
    ...closing,
    { type: "step-end", usage },
    {
      type: "finish",
      reason: reasonOf(state, reasons[stop ?? ""] ?? "stop"),
      ...(stop !== undefined && { rawReason: stop }),
      usage,
      ...(typeof cost === "number" && { costUsd: cost }),
      steps: 1,
    },
  ];
}

/** Google's API says `stop` beside calls. */
function reasonOf({ refused, calls }: State, reason: FinishReason): FinishReason {
  if (reason !== "stop") return reason;
  return refused ? "content-filter" : calls.any() ? "tool-calls" : "stop";
}

function fail(state: State, error: GatewayError): readonly ModelEvent[] {
  state.phase = "ended";
  return [{ type: "error", error }];
}

// ---- blocks

function say(state: State, kind: Kind, text: string): readonly ModelEvent[] {
  if (text === "") return [];
  const opening = state.open?.kind === kind ? [] : [...leave(state), ...open(state, kind)];
  const id = state.open?.id ?? "";
  return [...opening, ...state.tell({ type: `${eventsOf(kind)}-delta`, id, text })];
}

function open(state: State, kind: Kind): readonly ModelEvent[] {
  state.blocks += 1;
  const id = `block-${state.blocks}`;
  state.open = { kind, id };
  return state.tell(kind === "refusal" ? { type: "text-start", id, refuses: true } : { type: `${kind}-start`, id });
}

function eventsOf(kind: Kind): "text" | "reasoning" {
  return kind === "refusal" ? "text" : kind;
}

/** Something else begins. Calls that are not whole may go on behind it. */
function leave(state: State): readonly ModelEvent[] {
  return [...close(state), ...state.calls.leave().flatMap(state.tell)];
}

function close(state: State): readonly ModelEvent[] {
  const { open: block } = state;
  state.open = undefined;
  return block === undefined ? [] : state.tell({ type: `${eventsOf(block.kind)}-end`, id: block.id });
}

function cite({ open: block, tell }: State, annotations: Delta["annotations"]): readonly ModelEvent[] {
  if (block?.kind !== "text") return [];
  return citationsIn(annotations).flatMap((citation) => tell({ type: "text-citation", id: block.id, citation }));
}

function call(state: State, deltas: readonly ToolCallDelta[], extra: Delta["extra_content"]): readonly ModelEvent[] {
  if (deltas.length === 0 && !(extra && state.calls.any())) return [];
  const events = deltas.flatMap((delta, position) => state.calls.add(delta, position));
  return [...close(state), ...[...events, ...state.calls.sign(extra)].flatMap(state.tell)];
}
