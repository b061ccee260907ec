import type { ModelEvent } from "#core/events.ts";
import type { BlockDelta, ContentBlock } from "#wire/anthropic-messages/upstream/schema.ts";

import { NO_EVENTS, withMessage, type DecodeState, type OpenBlock, type Reading, type Step } from "./decode-state.ts";
import { STRUCTURED_OUTPUT } from "./tool-names.ts";

/** Blocks that are a call of some tool; the server's own ones (`server_tool_use`) are run by the vendor. */
const CALL_TYPES: ReadonlySet<string> = new Set(["tool_use", "server_tool_use", "mcp_tool_use"]);

export function openBlock(state: DecodeState, index: number, block: ContentBlock): Step {
  const [closed, before] = closeBlock(state);
  const number = closed.blocks + 1;
  const { kind, id, events, substantial, isClientCall } = beginningOf(block, `block-${number}`, state.reading);
  const { message } = closed;
  const next = {
    open: { index, kind, id, signature: kind === "reasoning" ? (block.signature ?? "") : "" },
    ...(kind === "text" && { textLength: block.text?.length ?? 0 }),
    written: writtenSoFar(closed, block.text),
    shown: message?.shown === true || events.length > 0,
    substantial: message?.substantial === true || substantial,
    clientCalls: isClientCall === true ? [...(message?.clientCalls ?? []), id] : (message?.clientCalls ?? []),
  };
  return [withMessage({ ...closed, blocks: number }, next), [...before, ...events]];
}

interface Beginning {
  readonly kind: OpenBlock["kind"];
  readonly id: string;
  readonly events: readonly ModelEvent[];
  readonly substantial: boolean;
  readonly isClientCall?: boolean;
}

function beginningOf(block: ContentBlock, id: string, reading: Reading): Beginning {
  switch (block.type) {
    case "text": {
      const text = block.text ?? "";
      // Beside an answer in the form of a schema, nobody can read it.
      if (reading.structured !== "no") return { kind: "skipped", id, events: NO_EVENTS, substantial: text !== "" };
      return {
        kind: "text",
        id,
        events: [{ type: "text-start", id }, ...textDelta(id, text)],
        substantial: text !== "",
      };
    }
    case "thinking": {
      const events = reasoningDelta(id, block.thinking ?? "");
      return { kind: "reasoning", id, events: [{ type: "reasoning-start", id }, ...events], substantial: false };
    }
    case "redacted_thinking": {
      const redactedData = block.data ?? "";
      return { kind: "reasoning", id, events: [{ type: "reasoning-start", id, redactedData }], substantial: false };
    }
    default:
      return otherBeginning(block, id, reading);
  }
}

function otherBeginning(block: ContentBlock, id: string, reading: Reading): Beginning {
  if (CALL_TYPES.has(block.type)) {
    if (block.name === STRUCTURED_OUTPUT && reading.structured !== "no") return structuredBeginning(block, id, reading);
    const callId = block.id ?? id;
    const clientName = block.type === "tool_use" ? reading.clientToolName(block.name ?? "") : undefined;
    const events = toolStart(callId, block, clientName);
    return { kind: "tool", id: callId, events, substantial: true, isClientCall: clientName !== undefined };
  }
  const results = toolResults([block]);
  return { kind: "skipped", id, events: results, substantial: results.length > 0 };
}

/** The input of this call is the answer. */
function structuredBeginning(block: ContentBlock, id: string, { structured }: Reading): Beginning {
  if (structured === "whole") return { kind: "skipped", id, events: NO_EVENTS, substantial: true };
  const events: readonly ModelEvent[] = [{ type: "text-start", id }, ...textDelta(id, wholeInput(block.input))];
  return { kind: "structured", id, events, substantial: true };
}

function toolStart(id: string, block: ContentBlock, clientName: string | undefined): readonly ModelEvent[] {
  const start: ModelEvent = {
    type: "tool-input-start",
    id,
    toolName: clientName ?? block.name ?? "",
    executedBy: clientName === undefined ? "backend" : "client",
  };
  return [start, ...inputDelta(id, wholeInput(block.input))];
}

/** A streamed call starts with `{}` and its input follows; anything else is the whole input. */
function wholeInput(input: unknown): string {
  if (typeof input !== "object" || input === null || Object.keys(input).length === 0) return "";
  return JSON.stringify(input);
}

export function extendBlock(state: DecodeState, index: number, delta: BlockDelta): Step {
  const open = state.message?.open;
  if (open === undefined || open.index !== index) return [state, NO_EVENTS];
  switch (open.kind) {
    case "text":
      return extendText(state, open, delta);
    case "reasoning":
      return extendReasoning(state, open, delta);
    case "tool":
      return [state, inputDelta(open.id, inputJson(delta))];
    case "structured":
      return [state, textDelta(open.id, inputJson(delta))];
    default:
      if (delta.type !== "text_delta") return [state, NO_EVENTS];
      return [withMessage(state, { substantial: true, written: writtenSoFar(state, delta.text) }), NO_EVENTS];
  }
}

function writtenSoFar({ message, reading }: DecodeState, text = ""): string {
  return `${message?.written ?? ""}${reading.takesWrittenObject ? text : ""}`;
}

function inputJson(delta: BlockDelta): string {
  return delta.type === "input_json_delta" ? (delta.partial_json ?? "") : "";
}

function extendText(state: DecodeState, { id }: OpenBlock, delta: BlockDelta): Step {
  if (delta.type === "citations_delta" && delta.citation !== undefined)
    return [state, [{ type: "text-citation", id, citation: delta.citation }]];
  const events = delta.type === "text_delta" ? textDelta(id, delta.text ?? "") : NO_EVENTS;
  if (events.length === 0) return [state, events];
  const textLength = (state.message?.textLength ?? 0) + (delta.text?.length ?? 0);
  return [withMessage(state, { substantial: true, textLength }), events];
}

function extendReasoning(state: DecodeState, open: OpenBlock, delta: BlockDelta): Step {
  if (delta.type === "thinking_delta") return [state, reasoningDelta(open.id, delta.thinking ?? "")];
  if (delta.type !== "signature_delta") return [state, NO_EVENTS];
  const signature = open.signature + (delta.signature ?? "");
  return [withMessage(state, { open: { ...open, signature } }), NO_EVENTS];
}

export function closeBlock(state: DecodeState): Step {
  const open = state.message?.open;
  if (open === undefined) return [state, NO_EVENTS];
  return [withMessage(state, { open: undefined }), endOf(open)];
}

function endOf({ id, kind, signature }: OpenBlock): readonly ModelEvent[] {
  switch (kind) {
    case "text":
    case "structured":
      return [{ type: "text-end", id }];
    case "reasoning":
      return [{ type: "reasoning-end", id, ...(signature !== "" && { signature }) }];
    case "tool":
      return [{ type: "tool-input-end", id }];
    default:
      return NO_EVENTS;
  }
}

/** A finished block in one go, as `assistant` lines carry it. */
export function wholeBlock(state: DecodeState, block: ContentBlock): Step {
  const [opened, start] = openBlock(state, 0, block);
  const [cited, citations] = citationsOf(opened, block);
  const [closed, end] = closeBlock(cited);
  return [closed, [...start, ...citations, ...end]];
}

function citationsOf(state: DecodeState, block: ContentBlock): Step {
  const id = state.message?.open?.id;
  if (id === undefined || block.type !== "text" || !Array.isArray(block.citations)) return [state, NO_EVENTS];
  return [state, block.citations.map((citation: unknown) => ({ type: "text-citation", id, citation }))];
}

export function toolResults(blocks: readonly ContentBlock[]): readonly ModelEvent[] {
  return blocks.flatMap((block): readonly ModelEvent[] =>
    block.tool_use_id === undefined
      ? []
      : [
          {
            type: "tool-result",
            id: block.tool_use_id,
            content: block.content ?? "",
            isError: block.is_error === true,
          },
        ],
  );
}

function textDelta(id: string, text: string): readonly ModelEvent[] {
  return text === "" ? NO_EVENTS : [{ type: "text-delta", id, text }];
}

function inputDelta(id: string, delta: string): readonly ModelEvent[] {
  return delta === "" ? NO_EVENTS : [{ type: "tool-input-delta", id, delta }];
}

function reasoningDelta(id: string, text: string): readonly ModelEvent[] {
  return text === "" ? NO_EVENTS : [{ type: "reasoning-delta", id, text }];
}
