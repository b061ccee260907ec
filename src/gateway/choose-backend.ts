import type { ModelRequest } from "#core/request.ts";

import type { ModelNames } from "./model-names.ts";
import { modelAsked } from "./resolve.ts";
import type { Choice, Routing } from "./routing.ts";
import type { Call } from "./types.ts";

/** What answers this call, by the full name of its model. Throws GatewayError `not-found`. */
export function chooseBackend(
  { routing, ...names }: ModelNames & { readonly routing: Routing },
  { wireFormat, model }: Pick<ModelRequest, "wireFormat" | "model">,
  call: Call,
): Choice {
  return routing.choose({ ...call.route, wireFormat, model: modelAsked(model, call.model, names) });
}
