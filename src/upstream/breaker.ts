/**
 * A circuit breaker: after so many failures in a row nobody asks for a while; then one may try, and only its success lets
 * the others through again.
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
  let openUntil = 0;
  return {
    waitMs: () => Math.max(0, openUntil - now()),
    succeeded() {
      failures = 0;
      openUntil = 0;
    },
    failed() {
      failures += 1;
      const over = failures - failuresInARow;
      if (over >= 0) openUntil = now() + Math.min(longestRestMs, shortestRestMs * 2 ** over);
    },
  };
}
