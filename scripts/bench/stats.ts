/** Figures from samples. */

export interface Spread {
  readonly median: number;
  readonly p99: number;
  readonly samples: number;
}

export function spreadOf(samples: readonly number[]): Spread {
  return { median: round(quantile(samples, 0.5)), p99: round(quantile(samples, 0.99)), samples: samples.length };
}

/** Linear between the two nearest samples; NaN of none. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
