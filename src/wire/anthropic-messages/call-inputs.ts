import { GatewayError } from "#core/errors.ts";
import type { ModelEvent, ToolInputStartEvent } from "#core/events.ts";
import { parseArguments } from "#lib/parse-arguments.ts";

interface State {
  /** The call whose input is coming. */
  open: { readonly call: ToolInputStartEvent; json: string } | undefined;
  /** The name of a call whose input is no object: whether it was cut off is known by what comes next. */
  broken: string | undefined;
  /** What came since, from the end of that call on. */
  held: ModelEvent[];
}

/**
 * The `input` of a call is an object in this API; one in its place that the model did not write would be run by the
 * client. An answer that is cut off in a call has no input yet, and says so by its own reason.
 */
export function createInputCheck(): (event: ModelEvent) => readonly ModelEvent[] {
  const state: State = { open: undefined, broken: undefined, held: [] };
  return (event) => (state.broken === undefined ? check(state, event) : judge(state, state.broken, event));
}

function check(state: State, event: ModelEvent): readonly ModelEvent[] {
  const { open } = state;
  if (event.type === "tool-input-start")
    state.open = event.executedBy === "client" ? { call: event, json: "" } : undefined;
  if (open === undefined) return [event];
  if (event.type === "tool-input-delta" && event.id === open.call.id) open.json += event.delta;
  if (event.type !== "tool-input-end" || event.id !== open.call.id) return [event];
  state.open = undefined;
  if (parseArguments(open.json) !== undefined) return [event];
  state.broken = open.call.toolName;
  state.held = [event];
  return [];
}

function judge(state: State, toolName: string, event: ModelEvent): readonly ModelEvent[] {
  if (event.type === "error") return [event];
  if (event.type === "step-end") {
    state.held.push(event);
    return [];
  }
  const isOwnEnd = event.type === "finish" && event.reason !== "stop" && event.reason !== "tool-calls";
  return isOwnEnd ? [...state.held, event] : [{ type: "error", error: noInput(toolName) }];
}

function noInput(toolName: string): GatewayError {
  return new GatewayError("upstream", `The model called ${toolName} with arguments that are no JSON object.`, {
    hint: "Send the request again.",
    logged: "The model called a tool with arguments that are no JSON object.",
  });
}
