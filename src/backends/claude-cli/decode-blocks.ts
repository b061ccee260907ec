import type { ModelEvent } from "#core/events.ts";

import { NO_EVENTS, withMessage, type DecodeState, type OpenBlock, type Step } from "./decode-state.ts";
import type { BlockDelta, ContentBlock } from "./lines.ts";

/** Blocks that are a call of some tool; the server's own ones (`server_tool_use`) are run by the vendor. */
const CALL_TYPES: ReadonlySet<string> = new Set(["tool_use", "server_tool_use", "mcp_tool_use"]);

export function openBlock(state: DecodeState, index: number, block: ContentBlock): Step {
  const [closed, before] = closeBlock(state);
  const number = closed.blocks + 1;
  const open = (kind: OpenBlock["kind"], id = `block-${number}`): OpenBlock => ({ index, kind, id, signature: "" });
  const begin = (opened: OpenBlock, events: readonly ModelEvent[], substantial: boolean): Step => {
    const message = { open: opened, shown: true, substantial: substantial || closed.message?.substantial === true };
    return [withMessage({ ...closed, blocks: number }, message), [...before, ...events]];
  };
  if (block.type === "text") {
    const opened = open("text");
    const text = block.text ?? "";
    return begin(opened, [{ type: "text-start", id: opened.id }, ...textDelta(opened.id, text)], text !== "");
  }
  if (block.type === "thinking") {
    const opened = { ...open("reasoning"), signature: block.signature ?? "" };
    return begin(
      opened,
      [{ type: "reasoning-start", id: opened.id }, ...reasoningDelta(opened.id, block.thinking ?? "")],
      false,
    );
  }
  if (block.type === "redacted_thinking") {
    const opened = open("reasoning");
    return begin(opened, [{ type: "reasoning-start", id: opened.id, redactedData: block.data ?? "" }], false);
  }
  if (CALL_TYPES.has(block.type)) {
    const opened = open("tool", block.id);
    return begin(opened, toolStart(opened.id, block), true);
  }
  if (block.tool_use_id !== undefined) return begin(open("skipped"), toolResults([block]), true);
  return [withMessage(closed, { open: open("skipped") }), before];
}

function toolStart(id: string, block: ContentBlock): readonly ModelEvent[] {
  const start: ModelEvent = { type: "tool-input-start", id, toolName: block.name ?? "", executedBy: "backend" };
  const whole = wholeInput(block.input);
  return whole === undefined ? [start] : [start, { type: "tool-input-delta", id, delta: whole }];
}

/** A streamed call starts with `{}` and its input follows; anything else is the whole input. */
function wholeInput(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null || Object.keys(input).length === 0) return undefined;
  return JSON.stringify(input);
}

export function extendBlock(state: DecodeState, index: number, delta: BlockDelta): Step {
  const open = state.message?.open;
  if (open === undefined || open.index !== index) return [state, NO_EVENTS];
  const { id } = open;
  switch (delta.type) {
    case "text_delta":
      return open.kind === "text" ? [substantial(state), textDelta(id, delta.text ?? "")] : [state, NO_EVENTS];
    case "thinking_delta":
      return open.kind === "reasoning" ? [state, reasoningDelta(id, delta.thinking ?? "")] : [state, NO_EVENTS];
    case "signature_delta": {
      const signature = open.signature + (delta.signature ?? "");
      return [withMessage(state, { open: { ...open, signature } }), NO_EVENTS];
    }
    case "input_json_delta":
      return open.kind === "tool" && delta.partial_json !== undefined && delta.partial_json !== ""
        ? [state, [{ type: "tool-input-delta", id, delta: delta.partial_json }]]
        : [state, NO_EVENTS];
    case "citations_delta":
      return open.kind === "text" && delta.citation !== undefined
        ? [state, [{ type: "text-citation", id, citation: delta.citation }]]
        : [state, NO_EVENTS];
    default:
      return [state, NO_EVENTS];
  }
}

function substantial(state: DecodeState): DecodeState {
  return state.message?.substantial === true ? state : withMessage(state, { substantial: true });
}

export function closeBlock(state: DecodeState): Step {
  const open = state.message?.open;
  if (open === undefined) return [state, NO_EVENTS];
  return [withMessage(state, { open: undefined }), endOf(open)];
}

function endOf({ id, kind, signature }: OpenBlock): readonly ModelEvent[] {
  switch (kind) {
    case "text":
      return [{ type: "text-end", id }];
    case "reasoning":
      return [{ type: "reasoning-end", id, ...(signature !== "" && { signature }) }];
    case "tool":
      return [{ type: "tool-input-end", id }];
    case "skipped":
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

function reasoningDelta(id: string, text: string): readonly ModelEvent[] {
  return text === "" ? NO_EVENTS : [{ type: "reasoning-delta", id, text }];
}
