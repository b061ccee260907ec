import type { GatewayError } from "#core/errors.ts";
import type { AgentActEvent, FinishEvent, ModelEvent, StartEvent, ToolInputStartEvent } from "#core/events.ts";
import type { DeclaredTool } from "#core/request.ts";
import type { EncodeOptions } from "#core/wire-format.ts";

import { encodeUsage, failedFinish, incompleteReason, noSummary } from "./answer.ts";
import { sealSummary } from "./compaction.ts";
import { responseError } from "./error.ts";
import { addArguments, callAdded, closeCall, newCall, type OpenCall } from "./output-call.ts";
import {
  addWords,
  annotate,
  closeMessage,
  messageAdded,
  newMessage,
  type OpenMessage,
  refuse,
} from "./output-message.ts";
import { addThought, closeReasoning, newReasoning, type OpenReasoning, reasoningAdded } from "./output-reasoning.ts";
import { type AnswerEvent, itemAdded, itemDone, nextId, type Output } from "./output.ts";
import type { OutputItem, ResponseObject } from "./schema.ts";

interface Base {
  readonly id: string;
  readonly object: "response";
  readonly created_at: number;
  readonly model: string;
}

interface State {
  readonly options: EncodeOptions;
  readonly tools: ReadonlyMap<string, DeclaredTool>;
  /** What the model has said of the conversation that it has to sum up; undefined in any other. */
  summary: string | undefined;
  base: Base | undefined;
  readonly output: Output;
  open: OpenMessage | OpenReasoning | OpenCall | undefined;
  /** Of the open text block; they may come before its first word. */
  citations: unknown[];
  readonly callIds: Set<string>;
  spoke: boolean;
  /** The block whose text is a refusal. */
  refusal: string | undefined;
  refuses: boolean;
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
    tools: new Map(tools.flatMap(({ name, declaredAs }) => (declaredAs === undefined ? [] : [[name, declaredAs]]))),
    summary: options.request?.compacts === true ? "" : undefined,
    base: undefined,
    output: { answerId: options.answerId ?? `resp_${options.requestId}`, done: [], named: 0 },
    open: undefined,
    citations: [],
    callIds: new Set(),
    spoke: false,
    refusal: undefined,
    refuses: false,
    ended: undefined,
  };
  return {
    add: (event) => add(state, event),
    result: () => state.ended,
    cutBy(error) {
      const output = { ...state.output, done: [...state.output.done] };
      const copy: State = { ...state, output, open: structuredClone(state.open) };
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
    case "reasoning-delta":
    case "reasoning-end":
      return addReasoning(state, event);
    case "tool-input-start":
    case "tool-input-delta":
    case "tool-input-end":
      return addCall(state, event);
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
  if (event.type === "text-delta") return say(state, event.text, event.id === state.refusal);
  if (event.type === "text-end") return citeBlock(state);
  if (event.type === "text-start") {
    state.refusal = event.refuses ? event.id : undefined;
    return state.open?.type === "message" ? citeBlock(state) : close(state);
  }
  state.citations.push(event.citation);
  return [];
}

function say(state: State, text: string, refuses = false): readonly AnswerEvent[] {
  if (text === "") return [];
  state.spoke = true;
  state.refuses ||= refuses;
  const { open, output } = state;
  if (open?.type === "message" && open.refuses === refuses) return [addWords(open, output, text)];
  const before = close(state);
  const message = newMessage(output, refuses);
  state.open = message;
  return [...before, ...messageAdded(message, output), addWords(message, output, text)];
}

function citeBlock(state: State): readonly AnswerEvent[] {
  const { open, output, citations } = state;
  state.citations = [];
  return open?.type === "message" ? annotate(open, output, citations) : [];
}

/** The agent's own doing, as a message. */
function tell(state: State, { line }: AgentActEvent): readonly AnswerEvent[] {
  const before = close(state);
  return line === undefined ? before : [...before, ...say(state, line), ...close(state)];
}

type ReasoningEvent = Extract<ModelEvent, { type: "reasoning-start" | "reasoning-delta" | "reasoning-end" }>;

function addReasoning(state: State, event: ReasoningEvent): readonly AnswerEvent[] {
  const { output } = state;
  if (event.type === "reasoning-start") {
    const before = close(state);
    const open = newReasoning(output, event.redactedData);
    state.open = open;
    return [...before, reasoningAdded(open, output)];
  }
  const { open } = state;
  if (open?.type !== "reasoning") return [];
  return event.type === "reasoning-end"
    ? close(state, { signature: event.signature })
    : addThought(open, output, event.text);
}

type CallEvent = Extract<ModelEvent, { type: "tool-input-start" | "tool-input-delta" | "tool-input-end" }>;

function addCall(state: State, event: CallEvent): readonly AnswerEvent[] {
  if (event.type === "tool-input-start") return [...close(state), ...startCall(state, event)];
  const { open, output } = state;
  if (open?.type !== "call" || open.callId !== event.id) return [];
  return event.type === "tool-input-end" ? close(state) : addArguments(open, output, event.delta);
}

/** Calls the backend runs itself are not shown: a client would try to answer them. Nor is one twice: SDKs refuse it. */
function startCall(state: State, { id: callId, toolName, executedBy }: ToolInputStartEvent): readonly AnswerEvent[] {
  if (executedBy === "backend" || state.callIds.has(callId)) return [];
  state.callIds.add(callId);
  const open = newCall(state.output, callId, state.tools.get(toolName) ?? { name: toolName, kind: "function" });
  state.open = open;
  return [callAdded(open, state.output)];
}

// ---- the beginning and the end

function begin(state: State, { model }: Pick<StartEvent, "model">): readonly AnswerEvent[] {
  if (state.base !== undefined) return [];
  const { options } = state;
  state.base = {
    id: state.output.answerId,
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
  return { ...options.request?.repeated, ...base, ...none, ...ending, status, output: [...output.done] };
}

function finish(state: State, event: FinishEvent): readonly AnswerEvent[] {
  if (event.reason === "error") return fail(state, failedFinish(event));
  // The model's own refusal is a whole answer, and brings no calls.
  const isRefusal = state.refuses && state.callIds.size === 0 && event.reason === "content-filter";
  const reason = incompleteReason(isRefusal ? "stop" : event.reason);
  if (reason === undefined && state.summary === "") return fail(state, noSummary());
  const refused = reason === "content_filter" && !state.spoke;
  const before = [...close(state, {}, reason !== undefined), ...(refused ? refuse(state.output) : [])];
  const usage = encodeUsage(event.usage);
  return reason === undefined
    ? [...before, ...compact(state), end(state, "response.completed", { status: "completed", usage })]
    : [...before, end(state, "response.incomplete", { status: "incomplete", incomplete_details: { reason }, usage })];
}

/** One item, whole at the end: nobody reads it but the model. */
function compact(state: State): readonly AnswerEvent[] {
  if (state.summary === undefined) return [];
  const id = nextId(state.output, "cmp");
  const item: OutputItem = { type: "compaction", id, encrypted_content: sealSummary(state.summary) };
  return [itemAdded(state.output, item), itemDone(state.output, item)];
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

interface Closing {
  readonly signature?: string | undefined;
}

/** `cut`: the answer ends here although more was to come. */
function close(state: State, { signature }: Closing = {}, cut = false): readonly AnswerEvent[] {
  const { open, output } = state;
  // Citations may have come before the first word of a text that is still to open.
  const annotated = open === undefined ? [] : citeBlock(state);
  state.open = undefined;
  switch (open?.type) {
    case "message":
      return [...annotated, ...closeMessage(open, output, cut)];
    case "reasoning":
      return closeReasoning(open, output, signature);
    case "call":
      return closeCall(open, output, cut);
    default:
      return [];
  }
}
