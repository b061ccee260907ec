import type { Answer } from "#demo/answer/answer.ts";

export function finishReasonOf({ stopReason, blocks }: Answer): string {
  switch (stopReason) {
    case "tool_use":
      return "tool_calls";
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length";
    case "refusal":
      // A model that refuses in its own words ends as it always does; a filter ends an answer in the middle.
      return blocks.some(({ type }) => type === "refusal") ? "stop" : "content_filter";
    case "end_turn":
    case "stop_sequence":
    case "pause_turn":
      return "stop";
  }
}

/** What this API counts as input holds what came from the cache, and what went into it. */
export function usageOf({ usage: { input, output, cacheRead, cacheWrite, thinking } }: Answer): object {
  const prompt = input + cacheRead + cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: thinking ?? 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
