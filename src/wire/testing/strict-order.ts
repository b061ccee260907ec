/**
 * The order that the strictest official client of each format asks of a stream, as a fault in words; undefined where
 * there is none. A stream may end with the format's own error at any point, and with nothing after it.
 */
import type { WireFormatId } from "#core/request.ts";
import { createSseParser } from "#lib/sse.ts";

interface Frame {
  readonly event: string | undefined;
  readonly at: Fields;
}

type Fields = Readonly<Record<string, unknown>>;

interface Rules {
  /** One letter for each kind of frame; none for what may stand anywhere. */
  readonly letterOf: (frame: Frame) => string;
  readonly order: RegExp;
  /** What letters do not show: names, counts and places. */
  readonly faultBeside: (frames: readonly Frame[]) => string | undefined;
}

export function strictFaultIn(format: WireFormatId, stream: string): string | undefined {
  const { letterOf, order, faultBeside } = rules[format];
  const frames = createSseParser()
    .push(new TextEncoder().encode(stream))
    .map(({ event, data }) => ({ event, at: data === "[DONE]" ? { done: true } : fieldsOf(JSON.parse(data)) }));
  const letters = frames.map(letterOf).join("");
  return order.test(letters) ? faultBeside(frames) : `out of order: ${letters}`;
}

const rules: Readonly<Record<WireFormatId, Rules>> = {
  "anthropic-messages": {
    letterOf: ({ at }) => messageLetters[typeOf(at)]?.(at) ?? "?",
    order: /^(?:S(?:\(d*\))*(?:UE|(?:\(d*)?U?X)|X)$/u,
    faultBeside(frames) {
      let closed = 0;
      for (const { event, at } of frames) {
        if (event !== at["type"]) return `${typeOf(at)} is called ${event}`;
        if ("index" in at && at["index"] !== closed) return `${event} of another block`;
        if (event === "content_block_stop") closed += 1;
      }
      return undefined;
    },
  },
  "openai-chat": {
    letterOf({ at }) {
      if ("done" in at) return "D";
      if ("error" in at) return "X";
      const [choice] = listOf(at["choices"]);
      if (choice === undefined) return "u";
      if (choice["index"] !== 0) return "?";
      if (typeof choice["finish_reason"] === "string") return "f";
      return fieldsOf(choice["delta"])["role"] === "assistant" ? "r" : "c";
    },
    order: /^(?:r[rc]*fu*D|(?:r[rc]*f?u*)?XD?)$/u,
    faultBeside(frames) {
      const calls = frames
        .flatMap(({ at }) => listOf(at["choices"]))
        .flatMap((choice) => listOf(fieldsOf(choice["delta"])["tool_calls"]));
      const known = new Set<unknown>();
      for (const { index, id, type, function: called } of calls) {
        if (known.has(index)) continue;
        if (index !== known.size) return "a call out of its place";
        if (typeof id !== "string" || type !== "function") return "a call without an id or a type";
        if (typeof fieldsOf(called)["name"] !== "string") return "a call without a name";
        known.add(index);
      }
      return undefined;
    },
  },
  "openai-responses": {
    letterOf: ({ at }) => responseLetters[typeOf(at)] ?? (typeOf(at).endsWith("text.delta") ? "d" : "o"),
    order: /^(?:CP?(?:\((?:o|\[[do]*\])*\))*(?:E|(?:\((?:o|\[[do]*\])*(?:\[[do]*)?)?X)|X)$/u,
    faultBeside(frames) {
      const items: unknown[] = [];
      for (const [count, { event, at }] of frames.entries()) {
        if (event !== at["type"] || at["sequence_number"] !== count) return `${typeOf(at)} is misnamed or miscounted`;
        if (event === "response.output_item.added") items.push(fieldsOf(at["item"])["id"]);
        if ("output_index" in at && at["output_index"] !== items.length - 1) return `${event} in another place`;
        if ("item_id" in at && at["item_id"] !== items.at(-1)) return `${event} of another item`;
      }
      const last = frames.at(-1)?.at ?? {};
      const told = listOf(fieldsOf(last["response"])["output"]).map(({ id }) => id);
      const whole = responseLetters[typeOf(last)] === "E";
      return whole && told.join() !== items.join() ? "other items at the end than before" : undefined;
    },
  },
};

const messageLetters: Readonly<Record<string, (at: Fields) => string>> = {
  ping: () => "",
  message_start: (at) => (hasFields(fieldsOf(at["message"])["usage"]) ? "S" : "?"),
  content_block_start: () => "(",
  content_block_delta: () => "d",
  content_block_stop: () => ")",
  message_delta: (at) => (hasFields(at["usage"]) ? "U" : "?"),
  message_stop: () => "E",
  error: () => "X",
};

const responseLetters: Readonly<Record<string, string>> = {
  "response.created": "C",
  "response.in_progress": "P",
  "response.output_item.added": "(",
  "response.output_item.done": ")",
  "response.content_part.added": "[",
  "response.content_part.done": "]",
  "response.reasoning_summary_part.added": "[",
  "response.reasoning_summary_part.done": "]",
  "response.completed": "E",
  "response.incomplete": "E",
  "response.failed": "X",
  error: "X",
};

function typeOf(at: Fields): string {
  return typeof at["type"] === "string" ? at["type"] : "";
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
