import type { Answer, AnswerBlock } from "#demo/answer/answer.ts";
import { customPieces } from "#demo/openai/custom.ts";

import type { ResponsesRequest } from "./schema.ts";

/** What changes the form of an answer in the request for it. */
export interface Wanted {
  readonly request: ResponsesRequest;
  readonly encrypted: boolean;
  readonly summaries: boolean;
  readonly customTools: readonly string[];
}

export function wantedOf(request: ResponsesRequest): Wanted {
  return {
    request,
    encrypted: request.include?.includes("reasoning.encrypted_content") === true,
    summaries: typeof request.reasoning?.summary === "string",
    customTools: (request.tools ?? []).flatMap(({ type, name = "" }) => (type === "custom" ? [name] : [])),
  };
}

export type Status = "in_progress" | "completed" | "incomplete" | "failed";

/** The answer as an object, while it is being written or when it is over. */
export function responseOf(answer: Answer, { request }: Wanted, more: ResponseParts): object {
  const { status, output = [], error = null } = more;
  const given = (name: string, otherwise: unknown): unknown => request[name] ?? otherwise;
  return {
    id: `resp_demo_${answer.number}`,
    object: "response",
    created_at: Math.floor(answer.createdAt / 1000),
    status,
    background: false,
    error,
    incomplete_details: status === "incomplete" ? { reason: incompleteReason(answer) } : null,
    instructions: given("instructions", null),
    max_output_tokens: given("max_output_tokens", null),
    metadata: given("metadata", {}),
    model: answer.model,
    output,
    parallel_tool_calls: given("parallel_tool_calls", true),
    previous_response_id: null,
    reasoning: { effort: null, summary: null, ...request.reasoning },
    service_tier: "default",
    store: given("store", true),
    temperature: given("temperature", 1),
    text: { format: { type: "text" }, ...request.text },
    tool_choice: given("tool_choice", "auto"),
    tools: given("tools", []),
    top_p: given("top_p", 1),
    truncation: given("truncation", "disabled"),
    usage: status === "in_progress" || status === "failed" || answer.quirks.has("no-usage") ? null : usageOf(answer),
    user: given("user", null),
  };
}

interface ResponseParts {
  readonly status: Status;
  readonly output?: readonly object[];
  readonly error?: object;
}

/** How the answer ends when nothing happens to it. */
export function endStatusOf({ stopReason, blocks }: Answer): "completed" | "incomplete" {
  const cut = stopReason === "max_tokens" || stopReason === "model_context_window_exceeded";
  // A model that refuses in its own words has answered; a filter ends an answer in the middle.
  const filtered = stopReason === "refusal" && !blocks.some(({ type }) => type === "refusal");
  return cut || filtered ? "incomplete" : "completed";
}

function incompleteReason({ stopReason }: Answer): string {
  return stopReason === "refusal" ? "content_filter" : "max_output_tokens";
}

/** What this API counts as input holds what came from the cache, and what went into it. */
function usageOf({ usage: { input, output, cacheRead, cacheWrite, thinking } }: Answer): object {
  const all = input + cacheRead + cacheWrite;
  return {
    input_tokens: all,
    input_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: thinking ?? 0 },
    total_tokens: all + output,
  };
}

/** A block as the item it is once it is complete. */
export function itemOf(block: AnswerBlock, id: string, wanted: Wanted, { quirks, status }: ItemParts): object {
  switch (block.type) {
    case "text":
    case "refusal":
      return { type: "message", id, role: "assistant", status, content: [partOf(block)] };
    case "thinking": {
      const text = block.pieces.join("");
      const open = quirks.has("reasoning-text");
      return {
        type: "reasoning",
        id,
        summary: wanted.summaries && !open ? [{ type: "summary_text", text }] : [],
        ...(open && { content: [{ type: "reasoning_text", text }] }),
        ...(wanted.encrypted && { encrypted_content: block.signature }),
      };
    }
    case "redacted_thinking":
      return { type: "reasoning", id, summary: [], ...(wanted.encrypted && { encrypted_content: block.data }) };
    case "tool_use": {
      const call = { id, call_id: `call_demo_${block.key}`, name: block.name, status };
      return wanted.customTools.includes(block.name)
        ? { type: "custom_tool_call", ...call, input: customPieces(block.input).join("") }
        : { type: "function_call", ...call, arguments: block.pieces.join("") };
    }
  }
}

interface ItemParts {
  readonly quirks: Answer["quirks"];
  readonly status: Status;
}

export function partOf(
  block: Extract<AnswerBlock, { readonly type: "text" | "refusal" }>,
  text = block.pieces.join(""),
): object {
  return block.type === "refusal"
    ? { type: "refusal", refusal: text }
    : { type: "output_text", text, annotations: [], logprobs: [] };
}
