import * as v from "valibot";

import type { AgentCall } from "#core/agent-act.ts";
import { GatewayError } from "#core/errors.ts";
import type { FinishEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import type { ModelResponse, ResponsePart } from "#core/response.ts";
import type { Usage } from "#core/usage.ts";
import type { EncodeOptions } from "#core/wire-format.ts";

import type { Annotation, ChatCompletion, CompletionUsage } from "./schema.ts";

export const systemFingerprint = "fp_ccproxy";
export const paragraphBreak = "\n\n";
export const refusalText = "The model declined to answer this request.";

type Message = ChatCompletion["choices"][number]["message"];
type ToolCalls = NonNullable<Message["tool_calls"]>;

/** Throws GatewayError for a turn that ended in an error: a chat completion cannot say so. */
export function encodeResponse(response: ModelResponse, options: EncodeOptions): ChatCompletion {
  const { finish } = response;
  if (finish.reason === "error") throw failedFinish(finish);
  const { text, annotations } = joinText(response.content);
  const reasoning = joinReasoning(response.content);
  const toolCalls = response.content.flatMap(encodeCall);
  const hasClientCalls = response.content.some(isClientCall);
  const refusal = joinRefusal(response.content);
  const declined = finish.reason === "content-filter" && text === "" && refusal === "" ? refusalText : refusal;
  return {
    id: response.responseId,
    object: "chat.completion",
    created: Math.floor(options.createdAt / 1000),
    model: response.model,
    system_fingerprint: systemFingerprint,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: text === "" && (declined !== "" || toolCalls.length > 0) ? null : text,
          refusal: declined === "" ? null : declined,
          ...(reasoning !== "" && { reasoning_content: reasoning }),
          ...(annotations.length > 0 && { annotations }),
          ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
        },
        logprobs: null,
        finish_reason: encodeFinishReason(finish.reason, { hasToolCalls: hasClientCalls, refuses: refusal !== "" }),
      },
    ],
    usage: encodeUsage(finish.usage),
  };
}

/**
 * Texts of one step belong together (citations cut them apart in mid-sentence);
 * a new step, and text after a tool ran, begins a new paragraph.
 */
function joinText(content: ModelResponse["content"]): { text: string; annotations: Annotation[] } {
  const annotations: Annotation[] = [];
  let text = "";
  let newParagraph = false;
  for (const part of content) {
    if (part.type !== "text" && part.type !== "reasoning") newParagraph = true;
    const said =
      part.type === "text" ? (part.refuses ? "" : part.text) : part.type === "agent-act" ? (part.line ?? "") : "";
    if (said === "") continue;
    if (newParagraph && text !== "") text += paragraphBreak;
    newParagraph = part.type === "agent-act";
    const range = { start: text.length, end: text.length + said.length };
    text += said;
    if (part.type === "text")
      annotations.push(...part.citations.flatMap((citation) => encodeCitation(citation, range)));
  }
  return { text, annotations };
}

function joinRefusal(content: ModelResponse["content"]): string {
  return content.map((part) => (part.type === "text" && part.refuses ? part.text : "")).join("");
}

function joinReasoning(content: ModelResponse["content"]): string {
  const texts = content.flatMap((part) => (part.type === "reasoning" && part.text !== "" ? [part.text] : []));
  return texts.join(paragraphBreak);
}

/** Calls the backend runs itself are not shown, unless the client asked: it would try to answer them. */
function encodeCall(part: ResponsePart): ToolCalls {
  if (part.type === "agent-act")
    return part.act.type === "tool_use_sdk" && part.line === undefined ? [agentCall(part.act)] : [];
  if (!isClientCall(part)) return [];
  const called = { name: part.toolName, arguments: part.inputJson === "" ? "{}" : part.inputJson };
  return [{ id: part.callId, type: "function", function: called }];
}

function isClientCall(part: ResponsePart): part is Extract<ResponsePart, { type: "tool-call" }> {
  return part.type === "tool-call" && part.executedBy === "client";
}

export function agentCall({ id, name, input }: AgentCall): ToolCalls[number] {
  return { id, type: "function", function: { name, arguments: JSON.stringify(input) } };
}

const urlCitation = v.object({ url: v.string(), title: v.nullish(v.string()) });

/** Only citations of a URL have a form in this API; none or one annotation. */
export function encodeCitation(citation: unknown, range: { start: number; end: number }): Annotation[] {
  const parsed = v.safeParse(urlCitation, citation);
  if (!parsed.success) return [];
  const { url, title } = parsed.output;
  return [
    {
      type: "url_citation",
      url_citation: { url, title: title ?? url, start_index: range.start, end_index: range.end },
    },
  ];
}

/**
 * Agent loops stop on `stop` beside tool calls, and fail on `tool_calls` without any: the calls shown decide. The model's
 * own refusal, which brings no calls, is no filter's, of which SDKs make an error.
 */
export function encodeFinishReason(
  reason: Exclude<FinishReason, "error">,
  { hasToolCalls, refuses }: { readonly hasToolCalls: boolean; readonly refuses: boolean },
): ChatCompletion["choices"][number]["finish_reason"] {
  if (reason === "length") return "length";
  if (reason === "content-filter" && (hasToolCalls || !refuses)) return "content_filter";
  return hasToolCalls ? "tool_calls" : "stop";
}

export function failedFinish(finish: FinishEvent): GatewayError {
  const reason = finish.rawReason === undefined ? "" : ` (${finish.rawReason})`;
  return new GatewayError("upstream", `The answer ended with an error${reason}.`);
}

export function encodeUsage(usage: Usage): CompletionUsage {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cacheReadInputTokens,
      cache_write_tokens: usage.cacheWriteInputTokens,
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
