import { noUsage, type Usage, wholeInput } from "#core/usage.ts";

import type { UpstreamUsage } from "./schema.ts";

/** Both formats count input with what a cache holds of it. xAI and Google leave thinking out of the output, but not out of the total. */
export function usageOf(upstream: UpstreamUsage | undefined): Usage {
  if (upstream === undefined) return noUsage;
  const { prompt_tokens_details: read, completion_tokens_details: wrote } = upstream;
  const cacheReadInputTokens = read?.cached_tokens ?? upstream.prompt_cache_hit_tokens ?? upstream.cached_tokens ?? 0;
  const cacheWriteInputTokens = read?.cache_write_tokens ?? 0;
  const inputTokens = wholeInput(upstream.prompt_tokens ?? 0, cacheReadInputTokens + cacheWriteInputTokens);
  const outputTokens = Math.max(upstream.completion_tokens ?? 0, (upstream.total_tokens ?? 0) - inputTokens);
  return {
    inputTokens,
    outputTokens,
    cacheReadInputTokens,
    cacheWriteInputTokens,
    cacheWrite1hInputTokens: 0,
    reasoningTokens: wrote?.reasoning_tokens ?? 0,
  };
}
