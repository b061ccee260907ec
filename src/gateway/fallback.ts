/** Asking somebody else where one cannot answer: before the first byte only, and never for what is wrong with a request. */
import type { Backend } from "#core/backend.ts";
import { type ErrorKind, type GatewayError, toGatewayError } from "#core/errors.ts";

import type { Choice } from "./routing.ts";
import type { Call } from "./types.ts";

/** Another backend, and what it is asked for; undefined: the same model. */
export interface Fallback {
  readonly backend: string;
  readonly model: string | undefined;
}

/** What another may well answer. */
const passing: ReadonlySet<ErrorKind> = new Set([
  "authentication",
  "billing",
  "overloaded",
  "rate-limit",
  "timeout",
  "unavailable",
  "upstream",
]);

/** That no place is free here says nothing of anybody, and whoever is asked in their stead would get around the limit. */
export function isPassing({ kind, options }: GatewayError): boolean {
  return passing.has(kind) && options.isOurLimit !== true;
}

/** The choice, and those that stand in for it, without backends that have failed this request already. */
export function chainOf(
  choice: Choice,
  fallbacks: readonly Fallback[],
  backends: readonly Backend[],
  failed: ReadonlyMap<string, unknown>,
): readonly [Choice, ...Choice[]] {
  const others = fallbacks.flatMap(({ backend: id, model }): Choice[] => {
    const backend = backends.find((candidate) => candidate.id === id);
    if (backend === undefined) return [];
    const asked = model === undefined ? choice : { model, setsModel: true };
    const { model: name, setsModel = false } = asked;
    const why = `${choice.backend.id} could not answer.`;
    const { mode, ...options } = choice.options;
    const hasMode = mode !== undefined && backend.modes.includes(mode);
    return [{ backend, model: name, setsModel, relay: choice.relay, options: hasMode ? choice.options : options, why }];
  });
  const [first = choice, ...rest] = [choice, ...others].filter(({ backend }) => !failed.has(backend.id));
  return [first, ...rest];
}

/** Notes that it is asked, for an answer that may be a failure. */
export function noteAsked({ onAsked, failed, notAsked, retries }: Asking, { backend, model }: Choice): void {
  const told = { model: model ?? backend.defaultModel, failed: [...failed.keys()], notAsked, retries: retries.count };
  onAsked({ backend: backend.id, ...told });
}

type Asking = Pick<Call, "onAsked" | "failed" | "notAsked" | "retries">;

/**
 * The first that answers. `call.failed` grows by those that could not. Throws the error of the last, or one that nobody else
 * could mend.
 */
export async function firstThatAnswers<T>(
  chain: readonly [Choice, ...Choice[]],
  call: Asking,
  ask: (choice: Choice, isLast: boolean) => Promise<T>,
): Promise<T> {
  const [choice, ...others] = chain;
  const [next, ...rest] = others;
  noteAsked(call, choice);
  if (next === undefined) return await ask(choice, true);
  try {
    return await ask(choice, false);
  } catch (thrown) {
    const error = toGatewayError(thrown);
    if (!isPassing(error)) throw thrown;
    call.failed.set(choice.backend.id, error.kind);
    return await firstThatAnswers([next, ...rest], call, ask);
  }
}
