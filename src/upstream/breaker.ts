/**
 * A circuit breaker: after so many failures in a row nobody asks for a while. Then the next may try: their success ends
 * it, and the first failure has everybody wait again, twice as long.
 */
export interface Breaker {
  /** Milliseconds until somebody may ask again; 0 for now. */
  waitMs(): number;
  succeeded(): void;
  failed(): void;
}

const failuresInARow = 5;
const shortestRestMs = 5000;
const longestRestMs = 60_000;

export function createBreaker(now: () => number = () => performance.now()): Breaker {
  let failures = 0;
  let rests = 0;
  let openUntil = 0;
  const waitMs = () => Math.max(0, openUntil - now());
  return {
    waitMs,
    succeeded() {
      failures = 0;
      rests = 0;
      openUntil = 0;
    },
    failed() {
      // Those that were under way already say nothing new.
      if (waitMs() > 0) return;
      failures += 1;
      if (failures < failuresInARow) return;
      openUntil = now() + Math.min(longestRestMs, shortestRestMs * 2 ** rests);
      rests += 1;
    },
  };
}
