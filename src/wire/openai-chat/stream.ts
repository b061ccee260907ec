import type { AgentAct } from "#core/agent-act.ts";
import type {
  AgentActEvent,
  FinishEvent,
  ModelEvent,
  StartEvent,
  TextStartEvent,
  ToolInputStartEvent,
} from "#core/events.ts";
import type { EncodeOptions, StreamEncoder } from "#core/wire-format.ts";

import { encodeErrorFrame } from "./error.ts";
import {
  agentCall,
  encodeCitation,
  encodeFinishReason,
  encodeUsage,
  failedFinish,
  paragraphBreak,
  refusalText,
  systemFingerprint,
} from "./response.ts";
import type { ChatCompletionChunk } from "./schema.ts";

/** An SSE comment: the one silence-breaker that no OpenAI client takes for a chunk. */
export const heartbeat = ": keep-alive\n\n";

type Choice = ChatCompletionChunk["choices"][number];

interface State {
  readonly options: EncodeOptions;
  /** What every chunk begins with, serialised once; undefined until the stream has started. */
  chunkHead: string | undefined;
  ended: boolean;
  /** Characters of content so far, and where in it the open text block began. */
  textLength: number;
  blockStart: number;
  citations: unknown[];
  /** The block whose text is a refusal. */
  refusal: string | undefined;
  refuses: boolean;
  /** The next text begins a new paragraph (see joinText in response.ts). */
  newParagraph: boolean;
  hasReasoning: boolean;
  newReasoning: boolean;
  toolCalls: number;
  /** Calls that the client is to answer: all but those of the agent. */
  clientCalls: number;
  openCall: { readonly id: string; readonly index: number; hasArguments: boolean } | undefined;
}

/** Well-formed output for any order of events: what has no place in the stream encodes to nothing. */
export function createStreamEncoder(options: EncodeOptions): StreamEncoder {
  const state: State = {
    options,
    chunkHead: undefined,
    ended: false,
    textLength: 0,
    blockStart: 0,
    citations: [],
    refusal: undefined,
    refuses: false,
    newParagraph: false,
    hasReasoning: false,
    newReasoning: false,
    toolCalls: 0,
    clientCalls: 0,
    openCall: undefined,
  };
  return { encode: (event) => encode(state, event) };
}

function encode(state: State, event: ModelEvent): string {
  if (state.ended) return "";
  if (event.type === "start") return encodeStart(state, event);
  if (event.type === "error") {
    state.ended = true;
    return encodeErrorFrame(event.error);
  }
  const opening = encodeStart(state, { responseId: state.options.requestId, model: "" });
  return opening + (event.type === "agent-act" ? encodeAct(state, event) : encodeStarted(state, event));
}

function encodeStarted(state: State, event: Exclude<ModelEvent, { type: "start" | "error" | "agent-act" }>): string {
  switch (event.type) {
    case "text-start":
      return encodeTextStart(state, event);
    case "text-delta":
      return encodeTextDelta(state, event);
    case "text-citation":
      state.citations.push(event.citation);
      return "";
    case "text-end":
      return encodeTextEnd(state);
    case "reasoning-start":
      state.newReasoning = true;
      return "";
    case "reasoning-delta":
      return encodeReasoning(state, event.text);
    case "tool-input-start":
      return encodeToolInputStart(state, event);
    case "tool-input-delta":
      return encodeToolInput(state, event);
    case "tool-input-end":
      return state.openCall?.id === event.id ? encodeToolInputEnd(state) : "";
    case "step-start":
    case "tool-result":
      state.newParagraph = true;
      return "";
    case "finish":
      return encodeFinish(state, event);
    default:
      return "";
  }
}

function encodeStart(state: State, { responseId, model }: Pick<StartEvent, "responseId" | "model">): string {
  if (state.chunkHead !== undefined) return "";
  const created = Math.floor(state.options.createdAt / 1000);
  const head = { id: responseId, object: "chat.completion.chunk", created, model };
  const fields = JSON.stringify({ ...head, system_fingerprint: systemFingerprint });
  state.chunkHead = `data: ${fields.slice(0, -1)},"choices":`;
  return encodeChunk(state, { role: "assistant", content: "", refusal: null });
}

function encodeChunk(state: State, delta: Choice["delta"], finishReason: Choice["finish_reason"] = null): string {
  const finish = finishReason === null ? "null" : `"${finishReason}"`;
  return `${state.chunkHead}[{"index":0,"delta":${JSON.stringify(delta)},"logprobs":null,"finish_reason":${finish}}]}\n\n`;
}

function encodeTextStart(state: State, { id, refuses }: TextStartEvent): string {
  state.refusal = refuses ? id : undefined;
  return encodeTextEnd(state);
}

function encodeTextDelta(state: State, { id, text }: { id: string; text: string }): string {
  return id === state.refusal ? encodeRefusal(state, text) : encodeText(state, text);
}

function encodeText(state: State, text: string): string {
  if (text === "") return "";
  const lead = state.newParagraph && state.textLength > 0 ? paragraphBreak : "";
  if (state.newParagraph) state.blockStart = state.textLength + lead.length;
  state.newParagraph = false;
  state.textLength += lead.length + text.length;
  return encodeChunk(state, { content: lead + text });
}

function encodeRefusal(state: State, refusal: string): string {
  if (refusal === "") return "";
  state.refuses = true;
  return encodeChunk(state, { refusal });
}

/** Citations come before or amid the text they belong to; only at its end is the range known. */
function encodeTextEnd(state: State): string {
  const range = { start: state.blockStart, end: state.textLength };
  const annotations = state.citations.flatMap((citation) => encodeCitation(citation, range));
  state.blockStart = state.textLength;
  state.citations = [];
  return annotations.length === 0 ? "" : encodeChunk(state, { annotations });
}

function encodeReasoning(state: State, text: string): string {
  if (text === "") return "";
  const lead = state.newReasoning && state.hasReasoning ? paragraphBreak : "";
  state.newReasoning = false;
  state.hasReasoning = true;
  return encodeChunk(state, { reasoning_content: lead + text });
}

/** Calls the backend runs itself are not shown: a client would try to answer them. */
function encodeToolInputStart(state: State, { id, toolName, executedBy }: ToolInputStartEvent): string {
  state.newParagraph = true;
  const closing = encodeToolInputEnd(state);
  if (executedBy === "backend") return closing;
  const index = state.toolCalls;
  state.toolCalls += 1;
  state.clientCalls += 1;
  state.openCall = { id, index, hasArguments: false };
  const call = { index, id, type: "function" as const, function: { name: toolName, arguments: "" } };
  return closing + encodeChunk(state, { tool_calls: [call] });
}

/** A call of the agent's is whole, and does not make the client's turn: the finish reason stays what it was. */
function encodeAct(state: State, { act, line }: AgentActEvent): string {
  state.newParagraph = true;
  const shown = line === undefined ? encodeAgentCall(state, act) : encodeText(state, line);
  state.newParagraph = true;
  return encodeToolInputEnd(state) + shown;
}

function encodeAgentCall(state: State, act: AgentAct): string {
  if (act.type !== "tool_use_sdk") return "";
  const call = { index: state.toolCalls, ...agentCall(act) };
  state.toolCalls += 1;
  return encodeChunk(state, { tool_calls: [call] });
}

function encodeToolInput(state: State, { id, delta }: { id: string; delta: string }): string {
  const call = state.openCall;
  if (call?.id !== id || delta === "") return "";
  call.hasArguments = true;
  return encodeChunk(state, { tool_calls: [{ index: call.index, function: { arguments: delta } }] });
}

/** A call without arguments has no deltas; clients parse the joined string, and `""` is not JSON. */
function encodeToolInputEnd(state: State): string {
  const call = state.openCall;
  state.openCall = undefined;
  if (call === undefined || call.hasArguments) return "";
  return encodeChunk(state, { tool_calls: [{ index: call.index, function: { arguments: "{}" } }] });
}

function encodeFinish(state: State, event: FinishEvent): string {
  state.ended = true;
  const closing = encodeTextEnd(state) + encodeToolInputEnd(state);
  if (event.reason === "error") return closing + encodeErrorFrame(failedFinish(event));
  const { refuses, textLength, clientCalls } = state;
  const declined = event.reason === "content-filter" && textLength === 0 && !refuses;
  const usage = `${state.chunkHead}[],"usage":${JSON.stringify(encodeUsage(event.usage))}}\n\n`;
  return [
    closing,
    declined ? encodeChunk(state, { refusal: refusalText }) : "",
    encodeChunk(state, {}, encodeFinishReason(event.reason, { hasToolCalls: clientCalls > 0, refuses })),
    state.options.includeUsage ? usage : "",
    "data: [DONE]\n\n",
  ].join("");
}
