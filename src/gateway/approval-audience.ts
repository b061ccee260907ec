import type { Approval } from "./approval.ts";

/** Somebody who is told of approvals. */
export interface Handler {
  /** False for one that only looks on: nobody waits for its word. */
  readonly attends: boolean;
  /** Called for each pending approval at once, and for every one that comes or is resolved afterwards. */
  readonly notify: (approval: Approval) => void;
}

/** How long one that polls, or that lost its stream and comes back, still counts as a handler. */
const graceMs = 10_000;

/** The handlers of one principal. */
export interface Audience {
  /** Whether anybody is there who could decide. */
  attended(): boolean;
  tell(approval: Approval): void;
  /** Somebody who could decide was here. */
  seen(): void;
  /** Returns how to leave. */
  join(handler: Handler): () => void;
}

export function createAudience(now: () => number): Audience {
  const handlers = new Set<Handler>();
  let seenAt = Number.NEGATIVE_INFINITY;
  const seen = (): void => {
    seenAt = now();
  };
  return {
    attended: () => now() - seenAt < graceMs || [...handlers].some(({ attends }) => attends),
    tell(approval) {
      for (const handler of handlers) handler.notify(approval);
    },
    seen,
    join(handler) {
      handlers.add(handler);
      return () => {
        if (handlers.delete(handler) && handler.attends) seen();
      };
    },
  };
}
