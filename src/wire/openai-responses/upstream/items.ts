/** The items of one answer, each told once, whether in pieces, as a whole, or both. */
import type { BlockEvent } from "#core/in-order.ts";
import { markSignature } from "#core/sealed-reasoning.ts";

import { citationOf, type Item, type StreamEvent } from "./schema.ts";

export interface Items {
  /** Calls without an id get one from that of their answer. */
  of(responseId: string): void;
  /** An event that is about a part of an item, or the item. */
  add(event: StreamEvent): readonly BlockEvent[];
  /** What the whole answer holds at this place, as far as it was not told. */
  complete(item: Item, index: number): readonly BlockEvent[];
  /** Ends all that is open. */
  end(): readonly BlockEvent[];
  anyCalls(): boolean;
  refused(): boolean;
}

interface Told {
  readonly kind: "text" | "reasoning" | "function" | "custom";
  readonly index: number | undefined;
  readonly itemId: string | undefined;
  readonly id: string;
  readonly toolName: string;
  /** What the upstream has said of it, as it came. */
  said: string;
  /** The part of it that was said last. */
  part: string;
  citations: number;
  /** It began as a refusal. */
  refuses: boolean;
  phase: "waiting" | "open" | "over";
}

interface State {
  readonly told: Told[];
  readonly ids: Set<string>;
  responseId: string;
  refused: boolean;
}

export function createItems(): Items {
  const state: State = { told: [], ids: new Set(), responseId: "", refused: false };
  return {
    of(responseId) {
      state.responseId = responseId;
    },
    add: (event) => add(state, event),
    complete: (item, index) => complete(state, item, { output_index: index, item_id: item.id }),
    end: () => state.told.flatMap((told) => close(told)),
    anyCalls: () => state.told.some(({ kind }) => isCall(kind)),
    refused: () => state.refused,
  };
}

type Place = Pick<StreamEvent, "output_index" | "item_id">;

function add(state: State, event: StreamEvent): readonly BlockEvent[] {
  const { type, item } = event;
  switch (type) {
    case "response.output_item.added":
      return item ? begin(placed(state, item, event)) : [];
    case "response.output_item.done":
      return item ? complete(state, item, event) : [];
    case "response.output_text.annotation.added":
      return cite(find(state, event), [event.annotation]);
    default:
      if (type === "response.refusal.delta") state.refused = true;
      return extend(state, event, kindOfDelta[type]);
  }
}

function extend(state: State, event: StreamEvent, kind: Told["kind"] | undefined): readonly BlockEvent[] {
  const { type, delta } = event;
  if (kind === undefined || typeof delta !== "string" || delta === "") return [];
  const known = isPlaced(event)
    ? find(state, event)
    : state.told.findLast((told) => told.kind === kind && told.phase !== "over");
  // A call is not told before its name is.
  const told = known ?? (isCall(kind) ? undefined : place(state, kind, event));
  if (told?.kind !== kind) return [];
  if (told.phase === "waiting") told.refuses = type === "response.refusal.delta";
  return say(told, delta, kind === "reasoning" ? `${type}${event.summary_index ?? event.content_index ?? 0}` : "");
}

function isPlaced({ output_index: index, item_id: itemId }: Place): boolean {
  return typeof index === "number" || typeof itemId === "string";
}

const kindOfDelta: Readonly<Record<string, Told["kind"]>> = {
  "response.output_text.delta": "text",
  "response.refusal.delta": "text",
  "response.reasoning_summary_text.delta": "reasoning",
  "response.reasoning_text.delta": "reasoning",
  "response.function_call_arguments.delta": "function",
  "response.custom_tool_call_input.delta": "custom",
};

const kindOfItem: Readonly<Record<string, Told["kind"]>> = {
  message: "text",
  reasoning: "reasoning",
  function_call: "function",
  custom_tool_call: "custom",
};

/** Of tools that the upstream runs itself, and whatever else there is, nothing is told. */
function placed(state: State, item: Item, at: Place): Told | undefined {
  const kind = kindOfItem[item.type];
  if (kind === undefined || (isCall(kind) && toolName(item) === "")) return undefined;
  return find(state, at, item) ?? place(state, kind, at, item);
}

/** Blocks without a word in them are none. */
function begin(told: Told | undefined): readonly BlockEvent[] {
  return told !== undefined && isCall(told.kind) ? open(told) : [];
}

function isCall(kind: Told["kind"]): boolean {
  return kind === "function" || kind === "custom";
}

/** Ids may differ from one event to the next, and places from those in the whole answer. */
function find({ told }: State, { output_index: index, item_id: itemId }: Place, item?: Item): Told | undefined {
  const id = itemId ?? item?.id ?? undefined;
  return (
    told.find((known) => id !== undefined && known.itemId === id) ??
    told.find(
      (known) => typeof index === "number" && known.index === index && (!item || kindOfItem[item.type] === known.kind),
    )
  );
}

function place(state: State, kind: Told["kind"], { output_index: index, item_id: itemId }: Place, item?: Item): Told {
  const told: Told = {
    kind,
    index: index ?? undefined,
    itemId: itemId ?? item?.id ?? undefined,
    id: isCall(kind) ? callId(state, item) : `block-${state.told.length}`,
    toolName: toolName(item),
    said: "",
    part: "",
    citations: 0,
    refuses: false,
    phase: "waiting",
  };
  state.told.push(told);
  return told;
}

/** Unlike any other in its conversation. */
function callId({ ids, told, responseId }: State, item: Item | undefined): string {
  const given = item?.call_id ?? item?.id ?? "";
  const isFit = given !== "" && !ids.has(given);
  const id = isFit ? given : `call_${responseId.replaceAll(/[^\w-]/g, "_")}_${told.length}`;
  ids.add(id);
  return id;
}

/** As the tool is known where there are no namespaces. */
function toolName(item: Item | undefined): string {
  const name = item?.name ?? "";
  return typeof item?.namespace === "string" && item.namespace !== "" ? `${item.namespace}__${name}` : name;
}

function complete(state: State, item: Item, at: Place): readonly BlockEvent[] {
  const told = placed(state, item, at);
  if (told === undefined || told.phase === "over") return [];
  if (item.content?.some(({ refusal }) => typeof refusal === "string" && refusal !== "")) state.refused = true;
  const whole = textIn(item);
  if (told.phase === "waiting") told.refuses = item.content?.every(({ refusal }) => Boolean(refusal)) === true;
  const rest = whole.startsWith(told.said) ? whole.slice(told.said.length) : "";
  const annotations = (item.content ?? []).flatMap((part) => part.annotations ?? []);
  return [
    ...begin(told),
    ...say(told, rest, told.part),
    ...cite(told, annotations.slice(told.citations)),
    ...close(told, sealed(item)),
  ];
}

const paragraphBreak = "\n\n";

function textIn({ type, content, summary, arguments: json, input }: Item): string {
  switch (type) {
    case "message":
      return (content ?? []).map((part) => part.text ?? part.refusal ?? "").join("");
    case "reasoning":
      return [...(summary ?? []), ...(content ?? [])]
        .map((part) => part.text ?? "")
        .filter((part) => part !== "")
        .join(paragraphBreak);
    case "custom_tool_call":
      return input ?? "";
    default:
      return json ?? "";
  }
}

/** What goes back with the next request: the item is known again by its id. */
function sealed({ id, encrypted_content: encrypted }: Item): string | undefined {
  if (typeof encrypted !== "string" || encrypted === "") return undefined;
  return markSignature("openai-responses", `${id ?? ""}:${encrypted}`);
}

// ---- events

function open(told: Told): readonly BlockEvent[] {
  if (told.phase !== "waiting") return [];
  told.phase = "open";
  const { id, kind, toolName: name } = told;
  if (kind === "text") return [{ type: "text-start", id, ...(told.refuses && { refuses: true }) }];
  if (kind === "reasoning") return [{ type: "reasoning-start", id }];
  const start: BlockEvent = { type: "tool-input-start", id, toolName: name, executedBy: "client" };
  // A custom tool takes a text, which is the member `input` to everybody else.
  return kind === "custom" ? [start, { type: "tool-input-delta", id, delta: '{"input":"' }] : [start];
}

function say(told: Told, text: string, part: string): readonly BlockEvent[] {
  if (text === "" || told.phase === "over") return [];
  const lead = told.said !== "" && told.part !== part ? paragraphBreak : "";
  told.part = part;
  told.said += lead + text;
  const { id, kind } = told;
  if (kind === "text" || kind === "reasoning") return [...open(told), { type: `${kind}-delta`, id, text: lead + text }];
  const delta = kind === "custom" ? JSON.stringify(text).slice(1, -1) : text;
  return [...open(told), { type: "tool-input-delta", id, delta }];
}

function cite(told: Told | undefined, annotations: readonly unknown[]): readonly BlockEvent[] {
  if (told?.kind !== "text" || told.phase === "over") return [];
  told.citations += annotations.length;
  const events = annotations
    .flatMap(citationOf)
    .map((citation): BlockEvent => ({ type: "text-citation", id: told.id, citation }));
  return events.length === 0 ? [] : [...open(told), ...events];
}

function close(told: Told, signature?: string): readonly BlockEvent[] {
  const opening = signature !== undefined && told.kind === "reasoning" ? open(told) : [];
  const { id, kind, phase } = told;
  told.phase = "over";
  if (phase !== "open") return [];
  switch (kind) {
    case "text":
      return [{ type: "text-end", id }];
    case "reasoning":
      return [...opening, { type: "reasoning-end", id, ...(signature !== undefined && { signature }) }];
    case "custom":
      return [
        { type: "tool-input-delta", id, delta: '"}' },
        { type: "tool-input-end", id },
      ];
    case "function":
      return [{ type: "tool-input-end", id }];
  }
}
