import type { GatewayError } from "#core/errors.ts";
import type { AgentActEvent, FinishEvent, ModelEvent, StartEvent, ToolInputStartEvent } from "#core/events.ts";
import type { DeclaredTool } from "#core/request.ts";
import type { EncodeOptions } from "#core/wire-format.ts";

import { encodeCitation, encodeUsage, failedFinish, incompleteReason, noSummary, refusalText } from "./answer.ts";
import { sealSummary } from "./compaction.ts";
import { type CustomInput, emptyInput, endInput, readInput } from "./custom-input.ts";
import { responseError } from "./error.ts";
import { type SealedReasoning, sealReasoning } from "./reasoning-envelope.ts";
import type { Annotation, OutputItem, ResponseEvent, ResponseObject } from "./schema.ts";

/** Each event of this API without its number. */
type Unnumbered<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;
export type AnswerEvent = Unnumbered<ResponseEvent>;

interface Base {
  readonly id: string;
  readonly object: "response";
  readonly created_at: number;
  readonly model: string;
}

interface OpenMessage {
  readonly type: "message";
  readonly id: string;
  text: string;
  /** Where in the text the open block began, which citations are of. */
  blockStart: number;
  readonly annotations: Annotation[];
}

interface OpenReasoning {
  readonly type: "reasoning";
  readonly id: string;
  text: string;
  readonly redactedData: string | undefined;
}

interface OpenCall {
  readonly type: "call";
  readonly id: string;
  readonly callId: string;
  readonly tool: DeclaredTool;
  arguments: string;
  /** Of a custom tool. */
  readonly input: CustomInput;
}

interface State {
  readonly options: EncodeOptions;
  readonly id: string;
  readonly tools: ReadonlyMap<string, DeclaredTool>;
  /** What the model has said of the conversation that it has to sum up; undefined in any other. */
  summary: string | undefined;
  base: Base | undefined;
  readonly output: OutputItem[];
  open: OpenMessage | OpenReasoning | OpenCall | undefined;
  /** Of the open text block; they may come before its first word. */
  citations: unknown[];
  readonly callIds: Set<string>;
  items: number;
  spoke: boolean;
  ended: ResponseObject | undefined;
}

/** Makes an answer of this API out of canonical events; well-formed for any order of them. */
export interface Assembly {
  add(event: ModelEvent): readonly AnswerEvent[];
  /** The whole answer; undefined before its end. */
  result(): ResponseObject | undefined;
  /** What it would be if it ended here with this error, or is where it has ended. */
  cutBy(error: GatewayError): ResponseObject | undefined;
}

export function createAssembly(options: EncodeOptions): Assembly {
  const tools = options.request?.features.tools ?? [];
  const state: State = {
    options,
    id: options.answerId ?? `resp_${options.requestId}`,
    tools: new Map(tools.flatMap(({ name, declaredAs }) => (declaredAs === undefined ? [] : [[name, declaredAs]]))),
    summary: options.request?.compacts === true ? "" : undefined,
    base: undefined,
    output: [],
    open: undefined,
    citations: [],
    callIds: new Set(),
    items: 0,
    spoke: false,
    ended: undefined,
  };
  return {
    add: (event) => add(state, event),
    result: () => state.ended,
    cutBy(error) {
      const copy: State = { ...state, output: [...state.output], open: structuredClone(state.open) };
      add(copy, { type: "error", error });
      return copy.ended;
    },
  };
}

function add(state: State, event: ModelEvent): readonly AnswerEvent[] {
  if (state.ended !== undefined) return [];
  if (event.type === "start") return begin(state, event);
  const opening = begin(state, { model: state.options.request?.model ?? "" });
  if (event.type === "error") return [...opening, ...fail(state, event.error)];
  return [...opening, ...(event.type === "finish" ? finish(state, event) : addStarted(state, event))];
}

type InnerEvent = Exclude<ModelEvent, { readonly type: "start" | "finish" | "error" }>;

function addStarted(state: State, event: InnerEvent): readonly AnswerEvent[] {
  if (state.summary !== undefined) {
    if (event.type === "text-delta") state.summary += event.text;
    return [];
  }
  switch (event.type) {
    case "text-start":
    case "text-delta":
    case "text-citation":
    case "text-end":
      return addText(state, event);
    case "reasoning-start":
      return [...close(state), ...openReasoning(state, event.redactedData)];
    case "reasoning-delta":
      return think(state, event.text);
    case "reasoning-end":
      return endReasoning(state, event.signature);
    case "tool-input-start":
      return [...close(state), ...openCall(state, event)];
    case "tool-input-delta":
      return giveArguments(state, event);
    case "tool-input-end":
      return endCall(state, event.id);
    case "agent-act":
      return tell(state, event);
    case "step-end":
      return [];
    default:
      return close(state);
  }
}

type TextEvent = Extract<ModelEvent, { type: "text-start" | "text-delta" | "text-citation" | "text-end" }>;

function addText(state: State, event: TextEvent): readonly AnswerEvent[] {
  if (event.type === "text-delta") return say(state, event.text);
  if (event.type === "text-end") return annotate(state);
  if (event.type === "text-start") return state.open?.type === "message" ? annotate(state) : close(state);
  state.citations.push(event.citation);
  return [];
}

// ---- the beginning and the end

function begin(state: State, { model }: Pick<StartEvent, "model">): readonly AnswerEvent[] {
  if (state.base !== undefined) return [];
  const { options } = state;
  state.base = {
    id: state.id,
    object: "response",
    created_at: Math.floor(options.createdAt / 1000),
    model,
  };
  const response = responseOf(state, state.base, { status: "in_progress" });
  return [
    { type: "response.created", response },
    { type: "response.in_progress", response },
  ];
}

type Ending = Pick<ResponseObject, "status"> & Partial<Pick<ResponseObject, "error" | "incomplete_details" | "usage">>;

function responseOf({ output, options }: State, base: Base, { status, ...ending }: Ending): ResponseObject {
  const none = { error: null, incomplete_details: null, usage: null };
  return { ...options.request?.repeated, ...base, ...none, ...ending, status, output: [...output] };
}

function finish(state: State, event: FinishEvent): readonly AnswerEvent[] {
  if (event.reason === "error") return fail(state, failedFinish(event));
  const reason = incompleteReason(event.reason);
  if (reason === undefined && state.summary === "") return fail(state, noSummary());
  const refused = reason === "content_filter" && !state.spoke;
  const before = [...close(state, {}, reason !== undefined), ...(refused ? refuse(state) : [])];
  const usage = encodeUsage(event.usage);
  return reason === undefined
    ? [...before, ...compact(state), end(state, "response.completed", { status: "completed", usage })]
    : [...before, end(state, "response.incomplete", { status: "incomplete", incomplete_details: { reason }, usage })];
}

/** One item, whole at the end: nobody reads it but the model. */
function compact(state: State): readonly AnswerEvent[] {
  if (state.summary === undefined) return [];
  const id = nextId(state, "cmp");
  const item: OutputItem = { type: "compaction", id, encrypted_content: sealSummary(state.summary) };
  return [itemAdded(state, item), itemDone(state, item)];
}

/** The open item is not told to be done: Codex would take it for said, and show it twice when it asks again. */
function fail(state: State, error: GatewayError): readonly AnswerEvent[] {
  close(state, {}, true);
  const status = error.kind === "cancelled" ? "cancelled" : "failed";
  return [end(state, "response.failed", { status, error: responseError(error) })];
}

function end(
  state: State,
  type: "response.completed" | "response.incomplete" | "response.failed",
  ending: Ending,
): AnswerEvent {
  if (state.base === undefined) throw new Error("An answer ended before it began.");
  state.ended = responseOf(state, state.base, ending);
  return { type, response: state.ended };
}

// ---- messages

function say(state: State, text: string): readonly AnswerEvent[] {
  if (text === "") return [];
  const opening = state.open?.type === "message" ? [] : [...close(state), ...openMessage(state)];
  const { open } = state;
  if (open?.type !== "message") return opening;
  open.text += text;
  state.spoke = true;
  return [...opening, { type: "response.output_text.delta", ...part(open, state), delta: text, logprobs: [] }];
}

function openMessage(state: State): readonly AnswerEvent[] {
  const open: OpenMessage = {
    type: "message",
    id: nextId(state, "msg"),
    text: "",
    blockStart: 0,
    annotations: [],
  };
  state.open = open;
  return [
    itemAdded(state, { type: "message", id: open.id, role: "assistant", status: "in_progress", content: [] }),
    { type: "response.content_part.added", ...part(open, state), part: outputText("", []) },
  ];
}

/** Citations come before or amid the text they belong to; only at its end is the range known. */
function annotate(state: State): readonly AnswerEvent[] {
  const { open, citations } = state;
  state.citations = [];
  if (open?.type !== "message") return [];
  const range = { start: open.blockStart, end: open.text.length };
  open.blockStart = open.text.length;
  return citations
    .flatMap((citation) => encodeCitation(citation, range))
    .map((annotation): AnswerEvent => ({
      type: "response.output_text.annotation.added",
      ...part(open, state),
      annotation_index: open.annotations.push(annotation) - 1,
      annotation,
    }));
}

function closeMessage(open: OpenMessage, state: State, cut: boolean): readonly AnswerEvent[] {
  const content = outputText(open.text, open.annotations);
  const status = cut ? "incomplete" : "completed";
  return [
    { type: "response.output_text.done", ...part(open, state), text: open.text, logprobs: [] },
    { type: "response.content_part.done", ...part(open, state), part: content },
    itemDone(state, { type: "message", id: open.id, role: "assistant", status, content: [content] }),
  ];
}

/** The agent's own doing, as a message. */
function tell(state: State, { line }: AgentActEvent): readonly AnswerEvent[] {
  const before = close(state);
  return line === undefined ? before : [...before, ...say(state, line), ...close(state)];
}

function refuse(state: State): readonly AnswerEvent[] {
  const id = nextId(state, "msg");
  const at = { item_id: id, output_index: state.output.length, content_index: 0 };
  const message = { type: "message" as const, id, role: "assistant" as const };
  const refusal = { type: "refusal" as const, refusal: refusalText };
  return [
    itemAdded(state, { ...message, status: "in_progress", content: [] }),
    { type: "response.content_part.added", ...at, part: { type: "refusal", refusal: "" } },
    { type: "response.refusal.delta", ...at, delta: refusalText },
    { type: "response.refusal.done", ...at, refusal: refusalText },
    { type: "response.content_part.done", ...at, part: refusal },
    itemDone(state, { ...message, status: "completed", content: [refusal] }),
  ];
}

function outputText(text: string, annotations: readonly Annotation[]) {
  const logprobs: [] = [];
  return { type: "output_text" as const, text, annotations: [...annotations], logprobs };
}

function part({ id }: OpenMessage, { output }: State) {
  return { item_id: id, output_index: output.length, content_index: 0 };
}

// ---- reasoning

function openReasoning(state: State, redactedData: string | undefined): readonly AnswerEvent[] {
  const open: OpenReasoning = { type: "reasoning", id: nextId(state, "rs"), text: "", redactedData };
  state.open = open;
  return [itemAdded(state, { type: "reasoning", id: open.id, summary: [] })];
}

function think(state: State, text: string): readonly AnswerEvent[] {
  const { open } = state;
  if (open?.type !== "reasoning" || text === "") return [];
  const at = summary(open, state);
  const opening: readonly AnswerEvent[] =
    open.text === ""
      ? [{ type: "response.reasoning_summary_part.added", ...at, part: { type: "summary_text", text: "" } }]
      : [];
  open.text += text;
  return [...opening, { type: "response.reasoning_summary_text.delta", ...at, delta: text }];
}

function endReasoning(state: State, signature: string | undefined): readonly AnswerEvent[] {
  return state.open?.type === "reasoning" ? close(state, { signature }) : [];
}

function closeReasoning(open: OpenReasoning, state: State, signature: string | undefined): readonly AnswerEvent[] {
  const { id, text, redactedData } = open;
  const sealed: SealedReasoning = {
    ...(signature !== undefined && { signature }),
    ...(redactedData !== undefined && { redactedData }),
  };
  const told = { type: "summary_text" as const, text };
  const at = summary(open, state);
  const said: readonly AnswerEvent[] =
    text === ""
      ? []
      : [
          { type: "response.reasoning_summary_text.done", ...at, text },
          { type: "response.reasoning_summary_part.done", ...at, part: told },
        ];
  return [
    ...said,
    itemDone(state, {
      type: "reasoning",
      id,
      summary: text === "" ? [] : [told],
      encrypted_content: sealReasoning(sealed) ?? null,
    }),
  ];
}

function summary({ id }: OpenReasoning, { output }: State) {
  return { item_id: id, output_index: output.length, summary_index: 0 };
}

// ---- calls

/** Calls the backend runs itself are not shown: a client would try to answer them. Nor is one twice: SDKs refuse it. */
function openCall(state: State, { id: callId, toolName, executedBy }: ToolInputStartEvent): readonly AnswerEvent[] {
  if (executedBy === "backend" || state.callIds.has(callId)) return [];
  state.callIds.add(callId);
  const tool = state.tools.get(toolName) ?? { name: toolName, kind: "function" };
  const id = nextId(state, tool.kind === "custom" ? "ctc" : "fc");
  const open: OpenCall = { type: "call", id, callId, tool, arguments: "", input: emptyInput() };
  state.open = open;
  return [itemAdded(state, callItem(open, "in_progress"))];
}

function giveArguments(state: State, { id, delta }: { id: string; delta: string }): readonly AnswerEvent[] {
  const { open } = state;
  if (open?.type !== "call" || open.callId !== id || delta === "") return [];
  open.arguments += delta;
  if (open.tool.kind === "custom") return toldInput(readInput(open.input, delta), call(open, state));
  return [{ type: "response.function_call_arguments.delta", ...call(open, state), delta }];
}

function endCall(state: State, callId: string): readonly AnswerEvent[] {
  return state.open?.type === "call" && state.open.callId === callId ? close(state) : [];
}

function toldInput(delta: string, at: ReturnType<typeof call>): readonly AnswerEvent[] {
  return delta === "" ? [] : [{ type: "response.custom_tool_call_input.delta", ...at, delta }];
}

function closeCall(open: OpenCall, state: State, cut: boolean): readonly AnswerEvent[] {
  const at = call(open, state);
  const last = open.tool.kind === "custom" ? toldInput(endInput(open.input), at) : [];
  const item = callItem(open, cut ? "incomplete" : "completed");
  if (item.type === "custom_tool_call")
    return [...last, { type: "response.custom_tool_call_input.done", ...at, input: item.input }, itemDone(state, item)];
  const { name, arguments: whole } = item;
  return [
    ...(open.arguments === ""
      ? [{ type: "response.function_call_arguments.delta" as const, ...at, delta: whole }]
      : []),
    { type: "response.function_call_arguments.done", ...at, name, arguments: whole },
    itemDone(state, item),
  ];
}

type CallItem = Extract<OutputItem, { type: "function_call" | "custom_tool_call" }>;

/** A call without arguments has no deltas; clients parse the joined string, and `""` is not JSON. */
function callItem(
  { id, callId, tool: { name, namespace, kind }, arguments: json, input }: OpenCall,
  status: CallItem["status"],
): CallItem {
  const known = { id, call_id: callId, name, ...(namespace !== undefined && { namespace }), status };
  const begun = status === "in_progress";
  return kind === "custom"
    ? { type: "custom_tool_call", ...known, input: input.text }
    : { type: "function_call", ...known, arguments: begun ? "" : json === "" ? "{}" : json };
}

function call({ id }: OpenCall, { output }: State) {
  return { item_id: id, output_index: output.length };
}

// ---- items

function nextId(state: State, kind: string): string {
  const id = `${kind}_${state.id.replace(/^resp_/, "")}_${state.items}`;
  state.items += 1;
  return id;
}

function itemAdded({ output }: State, item: OutputItem): AnswerEvent {
  return { type: "response.output_item.added", output_index: output.length, item };
}

function itemDone({ output }: State, item: OutputItem): AnswerEvent {
  return { type: "response.output_item.done", output_index: output.push(item) - 1, item };
}

interface Closing {
  readonly signature?: string | undefined;
}

/** `cut`: the answer ends here although more was to come. */
function close(state: State, { signature }: Closing = {}, cut = false): readonly AnswerEvent[] {
  const { open } = state;
  // Citations may have come before the first word of a text that is still to open.
  const annotated = open === undefined ? [] : annotate(state);
  state.open = undefined;
  switch (open?.type) {
    case "message":
      return [...annotated, ...closeMessage(open, state, cut)];
    case "reasoning":
      return closeReasoning(open, state, signature);
    case "call":
      return closeCall(open, state, cut);
    default:
      return [];
  }
}
