import { noUsage, type Usage } from "#core/usage.ts";

import type { UpstreamUsage } from "./schema.ts";

/** Anthropic counts input without cache reads and writes; the canonical total includes them. */
export function usageOf(upstream: UpstreamUsage | null): Usage {
  if (upstream === null) return noUsage;
  const cacheReadInputTokens = upstream.cache_read_input_tokens ?? 0;
  const cacheWriteInputTokens = upstream.cache_creation_input_tokens ?? 0;
  return {
    inputTokens: (upstream.input_tokens ?? 0) + cacheReadInputTokens + cacheWriteInputTokens,
    outputTokens: upstream.output_tokens ?? 0,
    cacheReadInputTokens,
    cacheWriteInputTokens,
    cacheWrite1hInputTokens: upstream.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    reasoningTokens: upstream.output_tokens_details?.thinking_tokens ?? 0,
  };
}

/**
 * A message's usage at its start, completed by its end: an end that repeats an input count knows better, but for
 * servers that say 0 there of all they do not count again.
 */
export function mergeUpstreamUsage(start: UpstreamUsage | null, end: UpstreamUsage | null): UpstreamUsage {
  if (end === null) return start ?? {};
  const counts = usageOf(end).inputTokens > 0;
  const known = Object.entries(end).filter(
    ([name, value]) => value !== null && value !== undefined && (counts || !/^(?:input|cache)_/.test(name)),
  );
  return { ...start, ...Object.fromEntries(known) };
}
