import { GatewayError } from "#core/errors.ts";
import type { ModelRequest } from "#core/request.ts";
import { quotedId } from "#lib/quoted-id.ts";

import { chainOf } from "./fallback.ts";
import type { ModelNames } from "./model-names.ts";
import { modelAsked } from "./resolve.ts";
import type { Choice, Keeper, Routing } from "./routing.ts";
import type { Call } from "./types.ts";

/**
 * What answers this call, by the full name of its model, and what stands in for it: nobody, where one alone keeps what it
 * goes on from. Throws GatewayError `not-found`, or `invalid-request` where another than that one is chosen.
 */
export function chooseBackends(
  deps: ModelNames & { readonly routing: Routing },
  { wireFormat, model }: Pick<ModelRequest, "wireFormat" | "model">,
  call: Call,
): readonly [Choice, ...Choice[]] {
  const { routing } = deps;
  const { keeper } = call.route;
  call.record.set({ modelAsked: call.model ?? model, principal: call.principal });
  const choice = routing.choose({ ...call.route, wireFormat, model: modelAsked(model, call.model, deps) });
  if (keeper === undefined)
    return chainOf(choice, routing.fallbacksOf(choice.backend.id), routing.backends, call.failed);
  if (choice.backend.id === keeper.backend) return [choice];
  throw keptElsewhere(keeper, `but this request goes to ${choice.backend.id}: ${choice.why}`);
}

/** `why` ends as a sentence does. */
export function keptElsewhere({ backend, response }: Keeper, why: string): GatewayError {
  const id = quotedId(response);
  return new GatewayError("invalid-request", `previous_response_id: ${backend} keeps the response ${id}, ${why}`, {
    param: "previous_response_id",
    hint: `Ask a model of ${backend}'s, by a name like ${backend}/MODEL or below /providers/${backend}/v1, or send the whole conversation as input.`,
  });
}
