import * as v from "valibot";

import type { GatewayError } from "#core/errors.ts";
import type { ModelEvent, ToolResultEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import { type BlockEvent, createInOrder } from "#core/in-order.ts";
import { brokenOff, unreadable } from "#core/refusal.ts";
import type { StreamDecoder } from "#core/upstream-format.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { saidIn } from "#lib/said-in.ts";

import { failedStream } from "./error.ts";
import {
  type BlockDelta,
  type ContentBlock,
  eventSchema,
  type StreamEvent,
  streamEventSchema,
  type UpstreamUsage,
} from "./schema.ts";
import { mergeUpstreamUsage, usageOf } from "./usage.ts";

interface State {
  phase: "waiting" | "answering" | "ended";
  usage: UpstreamUsage | null;
  /** More than one where the upstream tells blocks side by side, as their indexes let it. */
  open: readonly OpenBlock[];
  readonly tell: (event: BlockEvent | ToolResultEvent) => readonly ModelEvent[];
  blocks: number;
  responseId: string;
  readonly callIds: Set<string>;
  /** There are calls for the client, which some servers end like any other answer. */
  calls: boolean;
  stop: { readonly reason: string; readonly sequence: string | undefined } | undefined;
}

type BlockKind = "text" | "reasoning" | "tool" | "skipped";

interface OpenBlock {
  readonly index: number;
  readonly kind: Exclude<BlockKind, "skipped">;
  readonly id: string;
  signature: string;
}

/** Well-formed events for any order of frames: what has no place in the stream decodes to nothing. */
export function createStreamDecoder(): StreamDecoder {
  const state = startState();
  return {
    // Some servers break a silence with an event that says nothing.
    decode: (data) => (state.phase === "ended" || data.trim() === "" ? [] : decodeFrame(state, data)),
    end: () => (state.phase === "ended" ? [] : end(state)),
  };
}

/** The same for events that are known to be such. */
export function createEventDecoder(): (event: StreamEvent) => readonly ModelEvent[] {
  const state = startState();
  return (event) => (state.phase === "ended" ? [] : decodeEvent(state, event));
}

function startState(): State {
  return {
    phase: "waiting",
    usage: null,
    open: [],
    tell: createInOrder(),
    blocks: 0,
    responseId: "",
    callIds: new Set(),
    calls: false,
    stop: undefined,
  };
}

/** Words of the answer make up most of a stream, and come in these two alone. */
export function isTelling(data: string): boolean {
  return !data.includes('"content_block_delta"') && !data.includes('"content_block_st');
}

function decodeFrame(state: State, data: string): readonly ModelEvent[] {
  if (data.trim() === "[DONE]") return [];
  const body = parseJsonText(data);
  const parsed = v.safeParse(eventSchema, body);
  if (!parsed.success) return fail(state, failureIn(body, data));
  const { type } = parsed.output;
  if (type === "error") return fail(state, failedStream(body));
  if (!known.has(type)) return [];
  const event = v.safeParse(streamEventSchema, parsed.output);
  return event.success ? decodeEvent(state, event.output) : fail(state, unreadable(data));
}

/** Of what is no event, or no message: compatible servers have errors of other forms. */
export function failureIn(body: unknown, text: string): GatewayError {
  return typeof body === "object" && saidIn(body) !== "" ? failedStream(body) : unreadable(text);
}

const known: ReadonlySet<string> = new Set<StreamEvent["type"]>([
  "message_start",
  "content_block_start",
  "content_block_delta",
  "content_block_stop",
  "message_delta",
  "message_stop",
]);

/** One event of a stream whose end has not come. */
function decodeEvent(state: State, event: StreamEvent): readonly ModelEvent[] {
  if (event.type === "message_start") return start(state, event.message);
  if (state.phase !== "answering") return [];
  switch (event.type) {
    case "content_block_start":
      return openBlock(state, event.index, event.content_block);
    case "content_block_delta":
      return extendBlock(state, event.index, event.delta);
    case "content_block_stop":
      return closeBlock(state, event.index);
    case "message_delta":
      state.usage = mergeUpstreamUsage(state.usage, event.usage);
      if (typeof event.delta.stop_reason === "string")
        state.stop = { reason: event.delta.stop_reason, sequence: event.delta.stop_sequence ?? undefined };
      return [];
    default:
      return end(state);
  }
}

function start(
  state: State,
  message: Extract<StreamEvent, { type: "message_start" }>["message"],
): readonly ModelEvent[] {
  if (state.phase !== "waiting") return [];
  state.phase = "answering";
  state.usage = message.usage;
  const { model, usage } = message;
  const id = message.id || `msg_${crypto.randomUUID()}`;
  state.responseId = id;
  return [{ type: "start", responseId: id, model, usage: usageOf(usage) }, { type: "step-start" }];
}

const reasons: Readonly<Record<string, FinishReason>> = {
  tool_use: "tool-calls",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "content-filter",
};

function end(state: State): readonly ModelEvent[] {
  const { stop } = state;
  if (stop === undefined) return fail(state, brokenOff());
  const closing = state.open.flatMap(({ index }) => closeBlock(state, index));
  state.phase = "ended";
  const usage = usageOf(state.usage);
  return [
    ...closing,
    { type: "step-end", usage },
    {
      type: "finish",
      reason: reasons[stop.reason] ?? (state.calls && stop.reason === "end_turn" ? "tool-calls" : "stop"),
      rawReason: stop.reason,
      ...(stop.sequence !== undefined && { stopSequence: stop.sequence }),
      usage,
      steps: 1,
    },
  ];
}

function fail(state: State, error: GatewayError): readonly ModelEvent[] {
  state.phase = "ended";
  return [{ type: "error", error }];
}

// ---- blocks

/** Blocks that are a call of some tool; of these Anthropic runs all but `tool_use` itself. */
const callTypes: ReadonlySet<string> = new Set(["tool_use", "server_tool_use", "mcp_tool_use"]);

function openBlock(state: State, index: number, block: ContentBlock): readonly ModelEvent[] {
  const closing = closeBlock(state, index);
  state.blocks += 1;
  const kind = kindOf(block);
  const id = kind === "tool" ? callId(state, block) : `block-${state.blocks}`;
  state.calls ||= block.type === "tool_use";
  if (kind !== "skipped") state.open = [...state.open, { index, kind, id, signature: block.signature ?? "" }];
  return [...closing, ...beginningOf(block, kind, id).flatMap(state.tell)];
}

/** Unlike any other in its conversation. */
function callId({ callIds, responseId, blocks }: State, { id = "" }: ContentBlock): string {
  const isFit = id !== "" && !callIds.has(id);
  const fit = isFit ? id : `toolu_${responseId.replaceAll(/[^\w-]/g, "_")}_${blocks}`;
  callIds.add(fit);
  return fit;
}

function kindOf({ type }: ContentBlock): BlockKind {
  if (type === "text") return "text";
  if (type === "thinking" || type === "redacted_thinking") return "reasoning";
  return callTypes.has(type) ? "tool" : "skipped";
}

function beginningOf(block: ContentBlock, kind: BlockKind, id: string): readonly (BlockEvent | ToolResultEvent)[] {
  switch (kind) {
    case "text":
      return [{ type: "text-start", id }, ...textDelta(id, block.text ?? ""), ...citations(id, block.citations)];
    case "reasoning":
      return [
        { type: "reasoning-start", id, ...(block.type === "redacted_thinking" && { redactedData: block.data ?? "" }) },
        ...reasoningDelta(id, block.thinking ?? ""),
      ];
    case "tool":
      return [
        {
          type: "tool-input-start",
          id,
          toolName: block.name ?? "",
          executedBy: block.type === "tool_use" ? "client" : "backend",
        },
        ...inputDelta(id, wholeInput(block.input)),
      ];
    case "skipped":
      return block.tool_use_id === undefined
        ? []
        : [
            {
              type: "tool-result",
              id: block.tool_use_id,
              content: block.content ?? "",
              isError: block.is_error === true,
            },
          ];
  }
}

/** A streamed call starts with `{}` and its input follows; anything else is the whole input. */
function wholeInput(input: unknown): string {
  if (typeof input !== "object" || input === null || Object.keys(input).length === 0) return "";
  return JSON.stringify(input);
}

function citations(id: string, given: unknown): readonly BlockEvent[] {
  return Array.isArray(given) ? given.map((citation: unknown) => ({ type: "text-citation", id, citation })) : [];
}

function extendBlock({ open, tell }: State, index: number, delta: BlockDelta): readonly ModelEvent[] {
  const block = open.find((candidate) => candidate.index === index);
  if (block === undefined) return [];
  const events = pieceOf(block, delta);
  return open.length === 1 ? events : events.flatMap(tell);
}

function pieceOf(block: OpenBlock, delta: BlockDelta): readonly BlockEvent[] {
  if (delta.type === "signature_delta") block.signature += delta.signature ?? "";
  switch (block.kind) {
    case "text":
      return extendText(block.id, delta);
    case "reasoning":
      return delta.type === "thinking_delta" ? reasoningDelta(block.id, delta.thinking ?? "") : [];
    case "tool":
      return delta.type === "input_json_delta" ? inputDelta(block.id, delta.partial_json ?? "") : [];
  }
}

function extendText(id: string, delta: BlockDelta): readonly BlockEvent[] {
  if (delta.type === "citations_delta") return [{ type: "text-citation", id, citation: delta.citation }];
  return delta.type === "text_delta" ? textDelta(id, delta.text ?? "") : [];
}

function closeBlock(state: State, index: number): readonly ModelEvent[] {
  const block = state.open.find((candidate) => candidate.index === index);
  if (block === undefined) return [];
  state.open = state.open.filter((other) => other !== block);
  return state.tell(endOf(block));
}

function endOf({ kind, id, signature }: OpenBlock): BlockEvent {
  switch (kind) {
    case "text":
      return { type: "text-end", id };
    case "reasoning":
      return { type: "reasoning-end", id, ...(signature !== "" && { signature }) };
    case "tool":
      return { type: "tool-input-end", id };
  }
}

function textDelta(id: string, text: string): readonly BlockEvent[] {
  return text === "" ? [] : [{ type: "text-delta", id, text }];
}

function reasoningDelta(id: string, text: string): readonly BlockEvent[] {
  return text === "" ? [] : [{ type: "reasoning-delta", id, text }];
}

function inputDelta(id: string, delta: string): readonly BlockEvent[] {
  return delta === "" ? [] : [{ type: "tool-input-delta", id, delta }];
}
