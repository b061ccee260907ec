/** Whether the CLI's login works, by what is seen at no cost: turns that ended, and what the CLI says where it is asked. */
import type { GatewayError } from "#core/errors.ts";

import { LOGIN_NEEDED } from "./failure.ts";

/** Who asks only what is ready would never send the request that shows that a login works again. */
const BELIEVED_MS = 5 * 60_000;

export interface Login {
  /** Why a request would fail; undefined where nothing says so. */
  problem(): { readonly explanation: string; readonly isRecent: boolean } | undefined;
  /** A turn is over: with this error, or with an answer. */
  ended(error: GatewayError | undefined): void;
  /** The CLI itself says that it has none. */
  missing(): void;
}

export function createLogin(now: () => number = Date.now): Login {
  let refusedAt: number | undefined;
  let hasWorked = false;
  return {
    problem: () =>
      refusedAt === undefined ? undefined : { explanation: LOGIN_NEEDED, isRecent: now() - refusedAt < BELIEVED_MS },
    ended(error) {
      if (error === undefined) [refusedAt, hasWorked] = [undefined, true];
      else if (error.kind === "authentication") refusedAt = now();
    },
    // An answer shows better what works than what the CLI says of itself.
    missing() {
      if (!hasWorked) refusedAt = now();
    },
  };
}
