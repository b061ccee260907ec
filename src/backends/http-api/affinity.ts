/**
 * What is asked with one and the same of several credentials: a conversation, for the cache of its account, and what an
 * account keeps, for nobody else has it.
 */
import type { RunContext } from "#core/backend.ts";
import { isRecord } from "#lib/is-record.ts";

import { openingIn } from "./opening.ts";

type Asker = Pick<RunContext, "principal" | "session">;

export interface Affinity {
  /** Of a request to the model, parsed or canonical. */
  ofTurn(asker: Asker, body: unknown): string | undefined;
  /** Of any other: files, batches, responses that are kept. */
  ofResource(asker: Asker, path: string): string | undefined;
  /** Told of an answer that may be gone on from by its id. */
  answered(responseId: string, affinity: string | undefined): void;
}

/** An id and a key of each. */
const mostResponses = 10_000;

/** Nothing is looked at where there is but one credential to ask with, or always the first. */
export function createAffinity({ spreads }: { readonly spreads: boolean }): Affinity {
  if (!spreads) return { ofTurn: () => undefined, ofResource: () => undefined, answered: () => undefined };
  const kept = new Map<string, string>();
  return {
    ofTurn({ principal, session }, body) {
      const previous = isRecord(body) ? body["previous_response_id"] : undefined;
      const before = typeof previous === "string" ? kept.get(previous) : undefined;
      if (before !== undefined) return before;
      if (session !== undefined) return `${principal} ${session.id}`;
      const opening = openingIn(body);
      return opening === undefined ? undefined : `${principal} ${Bun.hash(opening).toString(36)}`;
    },
    ofResource({ principal }, path) {
      const [, id = ""] = /^\/v1\/responses\/([^/?]+)/.exec(path) ?? [];
      return kept.get(id) ?? principal;
    },
    answered(responseId, affinity) {
      if (affinity === undefined || !responseId.startsWith("resp_")) return;
      const [oldest] = kept.keys();
      if (kept.size >= mostResponses && oldest !== undefined) kept.delete(oldest);
      kept.set(responseId, affinity);
    },
  };
}
