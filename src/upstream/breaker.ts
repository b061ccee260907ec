/**
 * A circuit breaker: after so many failures in a row nobody asks for a while. Then one may try, and the others wait for what
 * it says: success ends it, and failure has everybody wait again, twice as long.
 */
export interface Breaker {
  /** Milliseconds until somebody may ask; 0 for now. */
  waitMs(): number;
  /** Somebody asks; undefined where nobody may. What comes of it is said once. */
  begin(): Attempt | undefined;
}

export interface Attempt {
  succeeded(): void;
  failed(): void;
  /** It ended without saying anything of the upstream: who asked has left. */
  ended(): void;
}

const failuresInARow = 5;
const shortestRestMs = 5000;
const longestRestMs = 60_000;
/** An answer may take minutes to begin; nobody waits so long to learn whether it does. */
const longestTrialMs = 10_000;

export function createBreaker(now: () => number = () => performance.now()): Breaker {
  let failures = 0;
  let rests = 0;
  let openUntil = 0;
  let trial: { readonly attempt: Attempt; readonly until: number } | undefined;
  const left = (until = 0) => Math.max(0, until - now());
  const waitMs = () => left(openUntil) || left(trial?.until);

  function open(): void {
    openUntil = now() + Math.min(longestRestMs, shortestRestMs * 2 ** rests);
    rests += 1;
  }

  return {
    waitMs,
    begin() {
      if (waitMs() > 0) return undefined;
      const attempt: Attempt = {
        succeeded() {
          failures = 0;
          rests = 0;
          openUntil = 0;
          trial = undefined;
        },
        failed() {
          failures += 1;
          const isTrial = trial?.attempt === attempt;
          // Those that were under way when it opened say nothing new.
          if (isTrial || (rests === 0 && failures >= failuresInARow)) open();
          attempt.ended();
        },
        ended() {
          if (trial?.attempt === attempt) trial = undefined;
        },
      };
      if (rests > 0) trial = { attempt, until: now() + longestTrialMs };
      return attempt;
    },
  };
}
