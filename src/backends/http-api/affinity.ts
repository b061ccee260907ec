/**
 * What is asked with one and the same of several credentials: a conversation, for the cache of its account, and what an
 * account keeps, for nobody else has it.
 */
import type { RunContext } from "#core/backend.ts";

import { openingIn } from "./opening.ts";

type Asker = Pick<RunContext, "principal" | "session">;

export interface Affinity {
  /** Of a request to the model, parsed or canonical. */
  ofTurn(asker: Asker, body: unknown): string | undefined;
  /** Of any other: files, batches. */
  ofResource(asker: Asker): string | undefined;
}

/** Nothing is looked at where there is but one credential to ask with, or always the first. */
export function createAffinity({ spreads }: { readonly spreads: boolean }): Affinity {
  if (!spreads) return { ofTurn: () => undefined, ofResource: () => undefined };
  return {
    ofTurn({ principal, session }, body) {
      if (session !== undefined) return `${principal} ${session.id}`;
      const opening = openingIn(body);
      return opening === undefined ? undefined : `${principal} ${Bun.hash(opening).toString(36)}`;
    },
    ofResource: ({ principal }) => principal,
  };
}
