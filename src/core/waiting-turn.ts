/** A turn that waits for results of its client's tools: whose it is, and what is said when it is ended before they come. */
import type { RequestOf, SessionOf } from "./backend.ts";

/** Who left it. */
export type Left = RequestOf & { readonly session: SessionOf["session"] | undefined };

export function isLeftBy(left: Left, meant: RequestOf | SessionOf): boolean {
  if (left.principal !== meant.principal) return false;
  return "session" in meant ? left.session === meant.session : left.requestId === meant.requestId;
}

/** What an operator can have changed who sees turns begin anew. */
export function endedWaiting(why: "age" | "number" | "memory") {
  const bounds = {
    age: "pool.parked_ttl_minutes",
    number: "pool.max_parked_turns",
    memory: "limits.min_free_memory_mb",
  } as const;
  const message = `A turn that waited for a client's tools was ended by ${bounds[why]}; their results, should they come, are answered from the conversation.`;
  return { level: "info", message } as const;
}
