/**
 * The order that the strictest official client of each format asks of a stream, as a fault in words; undefined where
 * there is none. A stream may end with the format's own error at any point, and with nothing after it.
 */
import type { WireFormatId } from "#core/request.ts";
import { createSseParser } from "#lib/sse.ts";

interface Frame {
  readonly event: string | undefined;
  readonly data: string;
  readonly at: Fields;
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (frames: readonly Frame[]) => string | undefined;

export function strictFaultIn(format: WireFormatId, stream: string): string | undefined {
  const frames = createSseParser()
    .push(new TextEncoder().encode(stream))
    .map(({ event, data }) => ({ event, data, at: fieldsOf(data === "[DONE]" ? undefined : JSON.parse(data)) }));
  return checks[format](frames);
}

/** Every event named; blocks one after the other, counted from 0; usage at both ends; then `message_stop`. */
const messages: Check = (frames) => {
  let next = 0;
  let open = false;
  let phase: "before" | "blocks" | "told" | "over" = "before";
  for (const { event, at } of frames) {
    if (event !== at["type"]) return `${event} is called ${at["type"]}`;
    if (phase === "over") return `${event} after the end`;
    if (event === "ping") continue;
    if (event === "error") {
      phase = "over";
      continue;
    }
    const started = event === "content_block_start";
    const inBlock = started || event === "content_block_delta" || event === "content_block_stop";
    if (inBlock) {
      if (phase !== "blocks" || open === started || at["index"] !== next) return `a stray ${event}`;
      open = event !== "content_block_stop";
      if (!open) next += 1;
      continue;
    }
    if (open) return `${event} in a block`;
    if (event === "message_start" && phase === "before" && hasFields(fieldsOf(at["message"])["usage"]))
      phase = "blocks";
    else if (event === "message_delta" && phase === "blocks" && hasFields(at["usage"])) phase = "told";
    else if (event === "message_stop" && phase === "told") phase = "over";
    else return `a stray ${event}`;
  }
  return phase === "over" ? undefined : "no end";
};

/** The role first; calls told of with all they need before their arguments; one reason; `[DONE]`. */
const chat: Check = (frames) => {
  const calls = new Set<unknown>();
  let role = false;
  let finished = false;
  let over = false;
  for (const { data, at } of frames) {
    if (over && data !== "[DONE]") return "a chunk after the end";
    over ||= data === "[DONE]" || "error" in at;
    if (over) continue;
    for (const choice of listOf(at["choices"])) {
      const delta = fieldsOf(choice["delta"]);
      if (finished) return "a choice after its end";
      if (choice["index"] !== 0) return "a choice without an index";
      role ||= delta["role"] === "assistant";
      if (!role) return "no role";
      for (const call of listOf(delta["tool_calls"])) {
        const isNew = !calls.has(call["index"]);
        if (isNew && call["index"] !== calls.size) return "calls out of their order";
        if (isNew && (typeof call["id"] !== "string" || call["type"] !== "function")) return "a call of no kind";
        if (isNew && typeof fieldsOf(call["function"])["name"] !== "string") return "a call without a name";
        calls.add(call["index"]);
      }
      finished = typeof choice["finish_reason"] === "string";
    }
  }
  if (!over) return "no end";
  return finished || frames.some(({ at }) => "error" in at) ? undefined : "no reason";
};

/** Counted from 0; items and their parts open before their words and close after them; the end tells the same items. */
const responses: Check = (frames) => {
  const done: unknown[] = [];
  let open: unknown;
  let part: unknown;
  let over = false;
  for (const [index, { event, at }] of frames.entries()) {
    const type = String(at["type"]);
    if (over) return `${type} after the end`;
    if (event !== type || at["sequence_number"] !== index) return `${type} is called ${event} or miscounted`;
    if ((index === 0) !== (type === "response.created") && type !== "error" && type !== "response.failed")
      return `${type} instead of the beginning`;
    if (type === "error" || ["response.completed", "response.incomplete", "response.failed"].includes(type)) {
      over = true;
      const output = listOf(fieldsOf(at["response"])["output"]);
      if (type !== "error" && type !== "response.failed" && open !== undefined) return "an item without an end";
      if (type.endsWith("ed") && type !== "response.failed" && !sameIds(output, done)) return "other items at the end";
    } else if (type === "response.output_item.added") {
      if (open !== undefined || at["output_index"] !== done.length) return "items out of their order";
      open = fieldsOf(at["item"])["id"];
    } else if (type === "response.output_item.done") {
      if (fieldsOf(at["item"])["id"] !== open || part !== undefined) return "a stray end of an item";
      done.push(open);
      open = undefined;
    } else if ("output_index" in at) {
      if (at["item_id"] !== open || open === undefined) return `${type} of another item`;
      if (type.endsWith("part.added")) part = type.replace(".added", "");
      else if (type.endsWith("part.done")) part = undefined;
      else if (/text\.delta$/u.test(type) && part === undefined) return `${type} outside of a part`;
    }
  }
  return over ? undefined : "no end";
};

const checks: Readonly<Record<WireFormatId, Check>> = {
  "anthropic-messages": messages,
  "openai-chat": chat,
  "openai-responses": responses,
};

function sameIds(items: readonly Fields[], ids: readonly unknown[]): boolean {
  return items.length === ids.length && items.every(({ id }, index) => id === ids[index]);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function hasFields(value: unknown): boolean {
  return Object.keys(fieldsOf(value)).length > 0;
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}
