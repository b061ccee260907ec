/**
 * Tokens of one turn. Totals are inclusive: `inputTokens` counts cache reads and writes,
 * `outputTokens` counts reasoning. The other fields are parts of those totals, so
 * `inputTokens - cacheReadInputTokens - cacheWriteInputTokens` is what was read uncached.
 */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadInputTokens: number;
  readonly cacheWriteInputTokens: number;
  /** The part of `cacheWriteInputTokens` written with the one-hour time to live (priced apart). */
  readonly cacheWrite1hInputTokens: number;
  /** The part of `outputTokens` spent on reasoning; 0 when the upstream does not say. */
  readonly reasoningTokens: number;
}

export const noUsage: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadInputTokens: 0,
  cacheWriteInputTokens: 0,
  cacheWrite1hInputTokens: 0,
  reasoningTokens: 0,
};

/** What is left of `a` without `b`, which is part of it. */
export function subtractUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: Math.max(0, a.inputTokens - b.inputTokens),
    outputTokens: Math.max(0, a.outputTokens - b.outputTokens),
    cacheReadInputTokens: Math.max(0, a.cacheReadInputTokens - b.cacheReadInputTokens),
    cacheWriteInputTokens: Math.max(0, a.cacheWriteInputTokens - b.cacheWriteInputTokens),
    cacheWrite1hInputTokens: Math.max(0, a.cacheWrite1hInputTokens - b.cacheWrite1hInputTokens),
    reasoningTokens: Math.max(0, a.reasoningTokens - b.reasoningTokens),
  };
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadInputTokens: a.cacheReadInputTokens + b.cacheReadInputTokens,
    cacheWriteInputTokens: a.cacheWriteInputTokens + b.cacheWriteInputTokens,
    cacheWrite1hInputTokens: a.cacheWrite1hInputTokens + b.cacheWrite1hInputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  };
}

/** Of input tokens as they were told and those of them that a cache read or took in: some servers count these beside the others. */
export function wholeInput(told: number, cached: number): number {
  return cached > told ? told + cached : told;
}
