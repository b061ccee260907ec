import type { Usage } from "#core/usage.ts";

import type { ModelUsage } from "./lines.ts";

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
