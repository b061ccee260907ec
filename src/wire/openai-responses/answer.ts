import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import type { FinishEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import type { Usage } from "#core/usage.ts";

import type { Annotation, ResponseUsage } from "./schema.ts";

export const refusalText = "The model declined to answer this request.";

/** Why an answer is not whole; undefined for one that is. */
export function incompleteReason(reason: FinishReason): "max_output_tokens" | "content_filter" | undefined {
  if (reason === "length") return "max_output_tokens";
  return reason === "content-filter" ? "content_filter" : undefined;
}

export function failedFinish(finish: FinishEvent): GatewayError {
  const reason = finish.rawReason === undefined ? "" : ` (${finish.rawReason})`;
  return new GatewayError("upstream", `The answer ended with an error${reason}.`);
}

export function noSummary(): GatewayError {
  return new GatewayError("upstream", "The model gave no summary of the conversation.", {
    hint: "Send the request again.",
  });
}

const urlCitation = v.object({ url: v.string(), title: v.nullish(v.string()) });

/** Only citations of a URL have a form in this API; none or one annotation. */
export function encodeCitation(citation: unknown, range: { start: number; end: number }): Annotation[] {
  const parsed = v.safeParse(urlCitation, citation);
  if (!parsed.success) return [];
  const { url, title } = parsed.output;
  return [{ type: "url_citation", url, title: title ?? url, start_index: range.start, end_index: range.end }];
}

export function encodeUsage(usage: Usage): ResponseUsage {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cacheReadInputTokens,
      cache_write_tokens: usage.cacheWriteInputTokens,
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}
