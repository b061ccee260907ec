import type { ModelRequest } from "#core/request.ts";

import { chainOf } from "./fallback.ts";
import type { ModelNames } from "./model-names.ts";
import { modelAsked } from "./resolve.ts";
import type { Choice, Routing } from "./routing.ts";
import type { Call } from "./types.ts";

/** What answers this call, by the full name of its model, and what stands in for it. Throws GatewayError `not-found`. */
export function chooseBackends(
  deps: ModelNames & { readonly routing: Routing },
  { wireFormat, model }: Pick<ModelRequest, "wireFormat" | "model">,
  call: Call,
): readonly [Choice, ...Choice[]] {
  const { routing } = deps;
  call.record.set({ modelAsked: call.model ?? model, principal: call.principal });
  const choice = routing.choose({ ...call.route, wireFormat, model: modelAsked(model, call.model, deps) });
  return chainOf(choice, routing.fallbacksOf(choice.backend.id), routing.backends, call.failed);
}
