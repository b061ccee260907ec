/** The calls of one answer, put together from the pieces they come in. */
import type { BlockEvent } from "#core/in-order.ts";
import { markSignature } from "#core/sealed-reasoning.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

import type { Delta, ToolCallDelta } from "./schema.ts";

export interface Calls {
  /** Calls without an id get one from that of their answer. */
  of(responseId: string): void;
  /** `position`: of the piece among those that came with it. */
  add(delta: ToolCallDelta, position: number): readonly BlockEvent[];
  /** Google's API may say last of all what it wants back with the first call. */
  sign(extra: Delta["extra_content"]): readonly BlockEvent[];
  /** Ends those that are whole. */
  leave(): readonly BlockEvent[];
  /** Ends all. */
  end(): readonly BlockEvent[];
  any(): boolean;
}

interface Call {
  readonly index: number;
  /** As the upstream gave it, if it did. */
  givenId: string;
  id: string;
  name: string;
  json: string;
  phase: "unnamed" | "told" | "over";
}

interface State {
  readonly calls: Call[];
  readonly ids: Set<string>;
  responseId: string;
  signed: boolean;
}

export function createCalls(): Calls {
  const state: State = { calls: [], ids: new Set(), responseId: "", signed: false };
  return {
    of(responseId) {
      state.responseId = responseId;
    },
    add: (delta, position) => add(state, delta, position),
    sign: (extra) => sign(state, extra),
    leave: () => state.calls.filter(isWhole).flatMap(endCall),
    end: () => state.calls.flatMap(endCall),
    any: () => state.calls.some(({ phase }) => phase !== "unnamed"),
  };
}

function add(state: State, delta: ToolCallDelta, position: number): readonly BlockEvent[] {
  const known = callFor(state, delta, position);
  const leaving = known === undefined ? state.calls.filter(isWhole).flatMap(endCall) : [];
  const call = known ?? begin(state, delta, position);
  call.name ||= delta.function?.name ?? "";
  call.givenId ||= delta.id ?? "";
  const json = argumentsIn(delta);
  call.json += json;
  if (call.phase === "over") return [];
  if (call.phase === "told") return [...sign(state, delta.extra_content), ...inputDelta(call, json)];
  if (call.name === "") return leaving;
  call.phase = "told";
  call.id = idFor(state, call);
  return [
    ...leaving,
    // Where it can, what Google's API wants back stands before the call that it belongs to.
    ...sign(state, delta.extra_content),
    { type: "tool-input-start", id: call.id, toolName: call.name, executedBy: "client" },
    ...inputDelta(call, call.json),
  ];
}

/**
 * The call that a piece belongs to; undefined for a new one. Servers leave out the index, give every call the same one,
 * repeat a call's id and name with every piece, or give neither.
 */
function callFor({ calls }: State, delta: ToolCallDelta, position: number): Call | undefined {
  const name = delta.function?.name ?? "";
  if (typeof delta.index !== "number" && name === "") return calls.at(-1);
  const call = calls.findLast(({ index }) => index === (delta.index ?? position));
  return call !== undefined && name !== "" && isAnother(call, delta) ? undefined : call;
}

function isAnother(call: Call, delta: ToolCallDelta): boolean {
  const id = delta.id ?? "";
  if (id !== "" && call.givenId !== "") return id !== call.givenId;
  return id === "" && isWhole(call) && argumentsIn(delta).trim() !== "";
}

function begin({ calls }: State, { index }: ToolCallDelta, position: number): Call {
  const call: Call = { index: index ?? position, givenId: "", id: "", name: "", json: "", phase: "unnamed" };
  calls.push(call);
  return call;
}

/** Unlike any other in its conversation. */
function idFor({ ids, responseId, calls }: State, { givenId }: Call): string {
  const isFit = givenId !== "" && !ids.has(givenId);
  const id = isFit ? givenId : `call_${responseId.replaceAll(/[^\w-]/g, "_")}_${calls.length}`;
  ids.add(id);
  return id;
}

/** JSON as text, but for servers that answer with what it says. */
function argumentsIn(delta: ToolCallDelta): string {
  const given = delta.function?.arguments;
  if (typeof given === "string") return given;
  return given === undefined || given === null ? "" : JSON.stringify(given);
}

function sign(state: State, extra: Delta["extra_content"]): readonly BlockEvent[] {
  const signature = extra?.google?.thought_signature;
  if (typeof signature !== "string" || state.signed) return [];
  state.signed = true;
  return [
    { type: "reasoning-start", id: "signed" },
    { type: "reasoning-end", id: "signed", signature: markSignature("openai-chat", signature) },
  ];
}

function isWhole({ json, phase }: Call): boolean {
  return phase === "told" && parseJsonText(json) !== undefined;
}

function endCall(call: Call): readonly BlockEvent[] {
  if (call.phase !== "told") return [];
  call.phase = "over";
  return [{ type: "tool-input-end", id: call.id }];
}

function inputDelta({ id }: Call, delta: string): readonly BlockEvent[] {
  return delta === "" ? [] : [{ type: "tool-input-delta", id, delta }];
}
