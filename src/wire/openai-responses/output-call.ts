import type { DeclaredTool } from "#core/request.ts";

import { type CustomInput, emptyInput, endInput, readInput } from "./custom-input.ts";
import { type AnswerEvent, itemAdded, itemDone, nextId, type Output } from "./output.ts";
import type { OutputItem } from "./schema.ts";

export interface OpenCall {
  readonly type: "call";
  readonly id: string;
  readonly callId: string;
  readonly tool: DeclaredTool;
  arguments: string;
  /** Of a custom tool. */
  readonly input: CustomInput;
}

export function newCall(output: Output, callId: string, tool: DeclaredTool): OpenCall {
  const id = nextId(output, tool.kind === "custom" ? "ctc" : "fc");
  return { type: "call", id, callId, tool, arguments: "", input: emptyInput() };
}

export function callAdded(open: OpenCall, output: Output): AnswerEvent {
  return itemAdded(output, callItem(open, "in_progress"));
}

export function addArguments(open: OpenCall, output: Output, delta: string): readonly AnswerEvent[] {
  if (delta === "") return [];
  open.arguments += delta;
  const at = place(open, output);
  if (open.tool.kind === "custom") return toldInput(readInput(open.input, delta), at);
  return [{ type: "response.function_call_arguments.delta", ...at, delta }];
}

export function closeCall(open: OpenCall, output: Output, cut: boolean): readonly AnswerEvent[] {
  const at = place(open, output);
  const last = open.tool.kind === "custom" ? toldInput(endInput(open.input), at) : [];
  const item = callItem(open, cut ? "incomplete" : "completed");
  if (item.type === "custom_tool_call")
    return [
      ...last,
      { type: "response.custom_tool_call_input.done", ...at, input: item.input },
      itemDone(output, item),
    ];
  const { name, arguments: whole } = item;
  return [
    ...(open.arguments === ""
      ? [{ type: "response.function_call_arguments.delta" as const, ...at, delta: whole }]
      : []),
    { type: "response.function_call_arguments.done", ...at, name, arguments: whole },
    itemDone(output, item),
  ];
}

function toldInput(delta: string, at: ReturnType<typeof place>): readonly AnswerEvent[] {
  return delta === "" ? [] : [{ type: "response.custom_tool_call_input.delta", ...at, delta }];
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

function place({ id }: OpenCall, { done }: Output) {
  return { item_id: id, output_index: done.length };
}
