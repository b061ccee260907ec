const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 60_000;
const AGE_SPREAD = 0.2;

/**
 * How many spares each key should have. The key used last gets all but one for each other key; keys that were used
 * longest ago go without when there are more of them than places.
 */
export function planSpares(keysByRecency: readonly string[], size: number): ReadonlyMap<string, number> {
  const [latest, ...others] = keysByRecency;
  if (latest === undefined || size <= 0) return new Map();
  const kept = others.slice(0, size - 1);
  return new Map([[latest, size - kept.length], ...kept.map((key) => [key, 1] as const)]);
}

/** How long a refill waits after so many failures in a row. */
export function backoffMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (failures - 1));
}

/** The age at which one resource is replaced; `random` is of [0, 1). */
export function spreadAgeMs(maxAgeMs: number, random: number): number {
  return maxAgeMs * (1 - AGE_SPREAD * random);
}
