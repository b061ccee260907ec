import type { Usage } from "#core/usage.ts";

/** USD per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Kept for five minutes. */
  readonly cacheWrite: number;
  /** Kept for an hour; undefined: twice the input, as Anthropic has it. */
  readonly cacheWrite1h?: number | undefined;
}

/** The last tier that a request's input reaches is that of all its tokens. */
export interface PriceTier extends Price {
  /** Input tokens, cached ones included, above which it holds. */
  readonly above: number;
}

/** Beginning with the one for any input. */
export type Tiers = readonly [PriceTier, ...PriceTier[]];

const million = 1_000_000;

/** USD of one answer. */
export function costOf(tiers: Tiers, usage: Usage): number {
  const price = tiers.findLast(({ above }) => usage.inputTokens > above) ?? tiers[0];
  const {
    inputTokens,
    outputTokens,
    cacheReadInputTokens: read,
    cacheWriteInputTokens,
    cacheWrite1hInputTokens,
  } = usage;
  const write = cacheWriteInputTokens - cacheWrite1hInputTokens;
  const plain = inputTokens - read - cacheWriteInputTokens;
  const write1h = price.cacheWrite1h ?? 2 * price.input;
  return (
    (plain * price.input +
      outputTokens * price.output +
      read * price.cacheRead +
      write * price.cacheWrite +
      cacheWrite1hInputTokens * write1h) /
    million
  );
}
