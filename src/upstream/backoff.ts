/** When a request that failed before its first byte is tried again. */
import { retryAfterSeconds } from "#lib/retry-after.ts";

/** Beyond this the client decides whether to wait. */
const longestWaitMs = 5000;
const firstWaitMs = 250;

/** Statuses that another try may mend; 409 is a lock that was held, 529 is Anthropic's overload. */
const passing: ReadonlySet<number> = new Set([408, 409, 429, 500, 502, 503, 504, 529]);

export function mayPass({ status, headers }: Response): boolean {
  const word = headers.get("x-should-retry");
  return word === "true" || (word !== "false" && passing.has(status));
}

/** Milliseconds until the next try; undefined where that is too long. `random` from 0 to 1. */
export function waitBefore(tries: number, headers: Headers | undefined, random = Math.random()): number | undefined {
  const asked = headers === undefined ? undefined : retryAfterSeconds(headers);
  if (asked !== undefined) return asked * 1000 <= longestWaitMs ? asked * 1000 : undefined;
  return Math.min(firstWaitMs * 2 ** (tries - 1), longestWaitMs) * (0.5 + random / 2);
}

/** So that an upstream in trouble is not asked several times as much: one further try for five requests. */
export interface RetryBudget {
  /** A request has come. */
  earn(): void;
  /** False where no try is left. */
  spend(): boolean;
}

const mostSaved = 10;
const share = 0.2;

export function createRetryBudget(): RetryBudget {
  let saved = mostSaved;
  return {
    earn() {
      saved = Math.min(mostSaved, saved + share);
    },
    spend() {
      if (saved < 1) return false;
      saved -= 1;
      return true;
    },
  };
}
