/**
 * What a client is shown of an agent's own doings: a state machine between the backend's events and the wire format.
 * It maps a canonical stream to another one; how an act is told is up to a manner, which format it ends up in is not
 * known here.
 */
import type { AgentAct } from "#core/agent-act.ts";
import type { AgentActEvent, FinishEvent, ModelEvent } from "#core/events.ts";
import { isRecord } from "#lib/is-record.ts";

export interface AgentView {
  /** What stands in the place of this event; nothing, often. */
  show(event: ModelEvent): readonly ModelEvent[];
}

/** How the acts are told: as text, as an event of their own, or not. */
export interface Manner {
  tell(act: AgentAct): string | AgentActEvent | undefined;
  /** Thinking as text between these two, as it comes. */
  readonly thinkingBetween?: readonly [before: string, after: string];
  /** Thinking as text once it is whole. Without either it stays thinking. */
  readonly thinkingWhole?: (text: string, signature: string | undefined) => string;
}

/** Nothing is told. What no format shows is left out early, so that a stream knows when it has been silent. */
export function createQuietView(): AgentView {
  const calls = new Set<string>();
  return {
    show(event) {
      if (event.type === "tool-input-start" && event.executedBy === "backend") calls.add(event.id);
      return event.type === "tool-input-delta" && calls.has(event.id) ? [] : [event];
    },
  };
}

interface State {
  readonly manner: Manner;
  readonly sessionId: () => string | undefined;
  /** What the agent called, by call id; the input as far as it came. */
  readonly calls: Map<string, { readonly name: string; json: string }>;
  /** The thinking that is told as text. */
  thinking: { readonly id: string; text: string } | undefined;
  told: number;
  /** Something stands in the answer that what follows must keep its distance from. */
  hasText: boolean;
}

export function createTellingView(manner: Manner, sessionId: () => string | undefined): AgentView {
  const state: State = { manner, sessionId, calls: new Map(), thinking: undefined, told: 0, hasText: false };
  return { show: (event) => show(state, event) };
}

function show(state: State, event: ModelEvent): readonly ModelEvent[] {
  switch (event.type) {
    case "start": {
      const session_id = state.sessionId() ?? null;
      return [event, ...tell(state, { type: "system_message", subtype: "init", session_id, model: event.model })];
    }
    case "tool-input-start":
    case "tool-input-delta":
    case "tool-input-end":
    case "tool-result":
      return showTool(state, event);
    case "reasoning-start":
    case "reasoning-delta":
    case "reasoning-end":
      return showThinking(state, event);
    case "finish":
      return event.reason === "error" ? [event] : [...tell(state, resultMessage(event, state.sessionId())), event];
    case "text-delta":
      return [{ ...event, text: spaced(state, event.text) }];
    default:
      return [event];
  }
}

type ToolEvent = Extract<ModelEvent, { type: `tool-${string}` }>;

function showTool(state: State, event: ToolEvent): readonly ModelEvent[] {
  if (event.type === "tool-input-start" && event.executedBy === "backend") {
    state.calls.set(event.id, { name: event.toolName, json: "" });
    return [];
  }
  const { id } = event;
  const call = state.calls.get(id);
  // The client's own call, or the result of a call that nobody saw.
  if (call === undefined) return [event];
  switch (event.type) {
    case "tool-input-delta":
      call.json += event.delta;
      return [];
    case "tool-input-end":
      return tell(state, { type: "tool_use_sdk", id, name: call.name, input: parseInput(call.json) });
    case "tool-result": {
      const { content, isError } = event;
      return tell(state, { type: "tool_result_sdk", tool_use_id: id, content, is_error: isError });
    }
    default:
      return [event];
  }
}

type ThinkingEvent = Extract<ModelEvent, { type: `reasoning-${string}` }>;

function showThinking(state: State, event: ThinkingEvent): readonly ModelEvent[] {
  const { thinkingBetween, thinkingWhole } = state.manner;
  if (thinkingBetween === undefined && thinkingWhole === undefined) return [event];
  const { id } = event;
  if (event.type === "reasoning-start") {
    // What the vendor encrypted has no text.
    if (event.redactedData !== undefined) return [event];
    state.thinking = { id, text: "" };
    return [];
  }
  const { thinking } = state;
  if (thinking?.id !== id) return [event];
  if (event.type === "reasoning-delta") {
    const isFirst = thinking.text === "";
    thinking.text += event.text;
    if (thinkingBetween === undefined || event.text === "") return [];
    const text: ModelEvent = { type: "text-delta", id, text: event.text };
    if (!isFirst) return [text];
    return [{ type: "text-start", id }, { type: "text-delta", id, text: spaced(state, thinkingBetween[0]) }, text];
  }
  state.thinking = undefined;
  if (thinking.text === "") return [];
  if (thinkingWhole !== undefined) return tellText(state, thinkingWhole(thinking.text, event.signature));
  return [
    { type: "text-delta", id, text: thinkingBetween?.[1] ?? "" },
    { type: "text-end", id },
  ];
}

function tell(state: State, act: AgentAct): readonly ModelEvent[] {
  const told = state.manner.tell(act);
  if (told === undefined) return [];
  if (typeof told === "string") return tellText(state, told);
  state.hasText = true;
  return [told];
}

/** A text block of its own. */
function tellText(state: State, text: string): readonly ModelEvent[] {
  state.told += 1;
  const id = `told-${state.told}`;
  return [
    { type: "text-start", id },
    { type: "text-delta", id, text: spaced(state, text) },
    { type: "text-end", id },
  ];
}

/** What opens the answer has nothing before it to keep its distance from, whoever says it. */
function spaced(state: State, text: string): string {
  const shown = state.hasText ? text : text.replace(/^\n+/, "");
  state.hasText ||= shown !== "";
  return shown;
}

/** A call cut off by a limit has no valid input. */
function parseInput(json: string): Readonly<Record<string, unknown>> {
  try {
    const input: unknown = JSON.parse(json);
    return isRecord(input) ? input : {};
  } catch {
    return {};
  }
}

function resultMessage(finish: FinishEvent, sessionId: string | undefined): AgentAct {
  const { usage } = finish;
  return {
    type: "result_message",
    session_id: sessionId ?? null,
    stop_reason: finish.rawReason ?? finish.reason,
    num_turns: finish.steps,
    total_cost_usd: finish.costUsd ?? null,
    usage: {
      input_tokens: usage.inputTokens - usage.cacheReadInputTokens - usage.cacheWriteInputTokens,
      output_tokens: usage.outputTokens,
      cache_creation_input_tokens: usage.cacheWriteInputTokens,
      cache_read_input_tokens: usage.cacheReadInputTokens,
    },
  };
}
