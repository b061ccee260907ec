import { noUsage, type Usage, wholeInput } from "#core/usage.ts";

import type { UpstreamUsage } from "./schema.ts";

/** Both formats count input with what a cache holds of it. Some servers leave thinking out of the output, but not out of the total. */
export function usageOf(upstream: UpstreamUsage | null | undefined): Usage {
  if (upstream === undefined || upstream === null) return noUsage;
  const { input_tokens_details: read, output_tokens_details: wrote } = upstream;
  const cacheReadInputTokens = read?.cached_tokens ?? 0;
  const cacheWriteInputTokens = read?.cache_write_tokens ?? 0;
  const inputTokens = wholeInput(upstream.input_tokens ?? 0, cacheReadInputTokens + cacheWriteInputTokens);
  return {
    inputTokens,
    outputTokens: Math.max(upstream.output_tokens ?? 0, (upstream.total_tokens ?? 0) - inputTokens),
    cacheReadInputTokens,
    cacheWriteInputTokens,
    cacheWrite1hInputTokens: 0,
    reasoningTokens: wrote?.reasoning_tokens ?? 0,
  };
}
