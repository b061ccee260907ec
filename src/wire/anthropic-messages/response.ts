import { agentSource, type AgentAct } from "#core/agent-act.ts";
import { GatewayError } from "#core/errors.ts";
import type { FinishEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import type { ModelResponse, ResponsePart } from "#core/response.ts";
import type { Usage } from "#core/usage.ts";
import { parseArguments } from "#lib/parse-arguments.ts";

import type { Message, MessageDeltaUsage, MessageUsage, ResponseBlock, StopReason } from "./schema.ts";

/** Throws GatewayError for a turn that ended in an error: a message cannot say so. */
export function encodeResponse(response: ModelResponse): Message {
  const { finish } = response;
  if (finish.reason === "error") throw failedFinish(finish);
  const content = response.content.flatMap(encodePart);
  const hasToolUse = content.some((block) => block.type === "tool_use");
  return {
    id: response.responseId,
    type: "message",
    role: "assistant",
    model: response.model,
    content,
    ...encodeStop(finish, finish.reason, hasToolUse),
    container: null,
    diagnostics: null,
    usage: encodeUsage(finish.usage),
  };
}

/** One block or none: an empty text is none because, sent back in a history, it would be a 400. */
function encodePart(part: ResponsePart): ResponseBlock[] {
  switch (part.type) {
    case "text":
      return part.text === "" && part.citations.length === 0
        ? []
        : [{ type: "text", text: part.text, citations: part.citations.length > 0 ? [...part.citations] : null }];
    case "reasoning":
      return part.redactedData === undefined
        ? [{ type: "thinking", thinking: part.text, signature: part.signature ?? "" }]
        : [{ type: "redacted_thinking", data: part.redactedData }];
    case "tool-call":
      // Calls the backend runs itself are not shown: a client would try to answer them. One that was cut off by the
      // token limit has no valid input; an empty object is what the SDKs make of it too.
      return part.executedBy === "backend"
        ? []
        : [toolUse(part.callId, part.toolName, parseArguments(part.inputJson) ?? {})];
    case "agent-act":
      return [actBlock(part.act)];
    default:
      return [];
  }
}

/** No block that clients know how to answer; official SDKs pass it on as it is. */
export function actBlock(act: AgentAct): ResponseBlock {
  return { ...act, source: agentSource };
}

export function toolUse(id: string, name: string, input: unknown): ResponseBlock {
  return { type: "tool_use", id, name, input, caller: { type: "direct" } };
}

type Stop = Pick<Message, "stop_sequence" | "stop_details"> & { stop_reason: StopReason };

/** Agent loops stop on `end_turn` beside tool calls, and fail on `tool_use` without any: the calls shown decide. */
export function encodeStop(finish: FinishEvent, reason: Exclude<FinishReason, "error">, hasToolUse: boolean): Stop {
  const stop_reason = encodeStopReason(finish, reason, hasToolUse);
  return {
    stop_reason,
    stop_sequence: stop_reason === "stop_sequence" ? (finish.stopSequence ?? null) : null,
    stop_details: stop_reason === "refusal" ? { type: "refusal", category: null, explanation: null } : null,
  };
}

function encodeStopReason(
  { rawReason, stopSequence }: FinishEvent,
  reason: Exclude<FinishReason, "error">,
  hasToolUse: boolean,
): StopReason {
  switch (reason) {
    case "length":
      return rawReason === "model_context_window_exceeded" ? rawReason : "max_tokens";
    case "content-filter":
      return "refusal";
    case "stop":
    case "tool-calls":
      if (hasToolUse) return "tool_use";
      if (rawReason === "pause_turn") return rawReason;
      return rawReason === "stop_sequence" || stopSequence !== undefined ? "stop_sequence" : "end_turn";
  }
}

export function failedFinish(finish: FinishEvent): GatewayError {
  const reason = finish.rawReason === undefined ? "" : ` (${finish.rawReason})`;
  return new GatewayError("upstream", `The answer ended with an error${reason}.`);
}

export function encodeUsage(usage: Usage): MessageUsage {
  return {
    ...encodeDeltaUsage(usage),
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWriteInputTokens - usage.cacheWrite1hInputTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hInputTokens,
    },
    service_tier: "standard",
    inference_geo: null,
    speed: null,
  };
}

/** Our totals include what was cached; here the uncached rest is counted apart. */
export function encodeDeltaUsage(usage: Usage): MessageDeltaUsage {
  return {
    input_tokens: usage.inputTokens - usage.cacheReadInputTokens - usage.cacheWriteInputTokens,
    output_tokens: usage.outputTokens,
    cache_creation_input_tokens: usage.cacheWriteInputTokens,
    cache_read_input_tokens: usage.cacheReadInputTokens,
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
    server_tool_use: null,
  };
}
