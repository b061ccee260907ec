import { noUsage, type Usage } from "#core/usage.ts";

import type { ModelUsage, UpstreamUsage } from "./lines.ts";

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

/** A message's usage at its start, completed by its end: an end that repeats an input count knows better. */
export function mergeUpstreamUsage(start: UpstreamUsage | null, end: UpstreamUsage | null): UpstreamUsage {
  const known = Object.entries(end ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return { ...start, ...Object.fromEntries(known) };
}

/** `told` is the CLI's own sum over the steps, all zero for a stopped turn; 2.1.197 leaves the reasoning out of it. */
export function mainLoopUsage(steps: Usage, told: Usage): Usage {
  if (told.inputTokens + told.outputTokens === 0) return steps;
  return { ...told, reasoningTokens: Math.max(steps.reasoningTokens, told.reasoningTokens) };
}

/** What a process has cost since it started; the CLI reports both cumulatively. */
export interface Totals {
  readonly costUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadInputTokens: number;
  readonly cacheWriteInputTokens: number;
}

export const noTotals: Totals = {
  costUsd: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadInputTokens: 0,
  cacheWriteInputTokens: 0,
};

/** undefined when the line says nothing (an interrupted turn of 2.1.197 has an empty `modelUsage`). */
export function totalsOf(costUsd: number | null, models: ModelUsage | null): Totals | undefined {
  const all = Object.values(models ?? {});
  if (costUsd === null || all.length === 0) return undefined;
  const sum = (pick: (model: ModelUsage[string]) => number): number =>
    all.reduce((total, model) => total + pick(model), 0);
  const cacheReadInputTokens = sum((model) => model.cacheReadInputTokens);
  const cacheWriteInputTokens = sum((model) => model.cacheCreationInputTokens);
  return {
    costUsd,
    inputTokens: sum((model) => model.inputTokens) + cacheReadInputTokens + cacheWriteInputTokens,
    outputTokens: sum((model) => model.outputTokens),
    cacheReadInputTokens,
    cacheWriteInputTokens,
  };
}

/**
 * The turn's totals. `mainLoop` is what the model calls of the turn itself used; where the process spent more
 * (sub-agents), the difference of the process totals says how much.
 */
export function turnUsage(mainLoop: Usage, before: Totals, after: Totals | undefined): Usage {
  if (after === undefined) return mainLoop;
  return {
    ...mainLoop,
    inputTokens: Math.max(mainLoop.inputTokens, after.inputTokens - before.inputTokens),
    outputTokens: Math.max(mainLoop.outputTokens, after.outputTokens - before.outputTokens),
    cacheReadInputTokens: Math.max(
      mainLoop.cacheReadInputTokens,
      after.cacheReadInputTokens - before.cacheReadInputTokens,
    ),
    cacheWriteInputTokens: Math.max(
      mainLoop.cacheWriteInputTokens,
      after.cacheWriteInputTokens - before.cacheWriteInputTokens,
    ),
  };
}
