import type { FinishEvent, ModelEvent, StartEvent, ToolInputStartEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";
import type { EncodeOptions, StreamEncoder } from "#core/wire-format.ts";

import { encodeErrorFrame } from "./error.ts";
import { actBlock, encodeDeltaUsage, encodeStop, encodeUsage, failedFinish, toolUse } from "./response.ts";
import type { BlockDelta, MessageStreamEvent, ResponseBlock } from "./schema.ts";

/** The one event that may come anywhere and that every Anthropic client ignores. */
export const heartbeat = encodeFrame({ type: "ping" });

interface State {
  readonly options: EncodeOptions;
  started: boolean;
  ended: boolean;
  /** Index of the open block, or of the next one. */
  index: number;
  openBlock: { readonly type: ResponseBlock["type"]; readonly id: string } | undefined;
  hasToolUse: boolean;
}

/** Well-formed output for any order of events: what has no place in the stream encodes to nothing. */
export function createStreamEncoder(options: EncodeOptions): StreamEncoder {
  const state: State = {
    options,
    started: false,
    ended: false,
    index: 0,
    openBlock: undefined,
    hasToolUse: false,
  };
  return { encode: (event) => encode(state, event) };
}

function encode(state: State, event: ModelEvent): string {
  if (state.ended) return "";
  if (event.type === "start") return encodeStart(state, event);
  if (event.type === "error") {
    state.ended = true;
    return encodeErrorFrame(event.error, state.options.requestId);
  }
  const opening = encodeStart(state, { responseId: state.options.requestId, model: "", usage: noUsage });
  if (event.type === "agent-act") return opening + openBlock(state, "", actBlock(event.act)) + closeBlock(state);
  return opening + encodeStarted(state, event);
}

function encodeStarted(state: State, event: Exclude<ModelEvent, { type: "start" | "error" | "agent-act" }>): string {
  switch (event.type) {
    case "text-start":
      return closeBlock(state);
    case "text-delta":
      return event.text === "" ? "" : encodeText(state, event.id, { type: "text_delta", text: event.text });
    case "text-citation":
      return encodeText(state, event.id, { type: "citations_delta", citation: event.citation });
    case "reasoning-start":
      return encodeReasoningStart(state, event);
    case "reasoning-delta":
      return encodeReasoning(state, event);
    case "reasoning-end":
      return encodeReasoningEnd(state, event);
    case "tool-input-start":
      return encodeToolInputStart(state, event);
    case "tool-input-delta":
      return encodeToolInput(state, event);
    case "text-end":
      return isOpen(state, "text", event.id) ? closeBlock(state) : "";
    case "tool-input-end":
      return isOpen(state, "tool_use", event.id) ? closeBlock(state) : "";
    case "finish":
      return encodeFinish(state, event);
    default:
      return "";
  }
}

function encodeStart(state: State, { responseId, model, usage }: Omit<StartEvent, "type">): string {
  if (state.started) return "";
  state.started = true;
  return encodeFrame({
    type: "message_start",
    message: {
      id: responseId,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: encodeUsage(usage),
    },
  });
}

/** A text block opens with its first text: an empty one, sent back in a history, would be a 400. */
function encodeText(state: State, id: string, delta: BlockDelta): string {
  const opening = isOpen(state, "text", id) ? "" : openBlock(state, id, { type: "text", text: "", citations: null });
  return opening + encodeDelta(state, delta);
}

function encodeReasoningStart(state: State, { id, redactedData }: { id: string; redactedData?: string }): string {
  return redactedData === undefined
    ? openBlock(state, id, { type: "thinking", thinking: "", signature: "" })
    : openBlock(state, id, { type: "redacted_thinking", data: redactedData });
}

function encodeReasoning(state: State, { id, text }: { id: string; text: string }): string {
  if (text === "" || isOpen(state, "redacted_thinking", id)) return "";
  const opening = isOpen(state, "thinking", id) ? "" : encodeReasoningStart(state, { id });
  return opening + encodeDelta(state, { type: "thinking_delta", thinking: text });
}

function encodeReasoningEnd(state: State, { id, signature }: { id: string; signature?: string }): string {
  if (isOpen(state, "redacted_thinking", id)) return closeBlock(state);
  if (!isOpen(state, "thinking", id)) return "";
  const signing = signature === undefined ? "" : encodeDelta(state, { type: "signature_delta", signature });
  return signing + closeBlock(state);
}

/** Calls the backend runs itself are not shown: a client would try to answer them. */
function encodeToolInputStart(state: State, { id, toolName, executedBy }: ToolInputStartEvent): string {
  if (executedBy === "backend") return closeBlock(state);
  state.hasToolUse = true;
  return openBlock(state, id, toolUse(id, toolName, {}));
}

function encodeToolInput(state: State, { id, delta }: { id: string; delta: string }): string {
  if (delta === "" || !isOpen(state, "tool_use", id)) return "";
  return encodeDelta(state, { type: "input_json_delta", partial_json: delta });
}

function encodeFinish(state: State, event: FinishEvent): string {
  state.ended = true;
  const closing = closeBlock(state);
  if (event.reason === "error") return closing + encodeErrorFrame(failedFinish(event), state.options.requestId);
  return [
    closing,
    encodeFrame({
      type: "message_delta",
      delta: { ...encodeStop(event, event.reason, state.hasToolUse), container: null },
      usage: encodeDeltaUsage(event.usage),
    }),
    encodeFrame({ type: "message_stop" }),
  ].join("");
}

function isOpen({ openBlock: open }: State, type: ResponseBlock["type"], id: string): boolean {
  return open?.type === type && open.id === id;
}

function openBlock(state: State, id: string, block: ResponseBlock): string {
  const closing = closeBlock(state);
  state.openBlock = { type: block.type, id };
  return closing + encodeFrame({ type: "content_block_start", index: state.index, content_block: block });
}

function closeBlock(state: State): string {
  if (state.openBlock === undefined) return "";
  state.openBlock = undefined;
  const frame = encodeFrame({ type: "content_block_stop", index: state.index });
  state.index += 1;
  return frame;
}

function encodeDelta(state: State, delta: BlockDelta): string {
  return encodeFrame({ type: "content_block_delta", index: state.index, delta });
}

/** The `event:` line is not optional here: @anthropic-ai/sdk yields nothing without it. */
function encodeFrame(event: MessageStreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
