import { type GatewayError, renamed, toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";

import type { HttpApiOptions } from "./options.ts";

type Provider = Pick<HttpApiOptions, "id" | "title">;

/** What was said where nobody knows who answers: with this provider's name, and that of its settings. */
export function named(thrown: unknown, { id, title }: Provider): GatewayError {
  return renamed(toGatewayError(thrown), (said) =>
    said.replaceAll(/\bthe model API\b/gi, title).replaceAll("providers.*", `providers.${id}`),
  );
}

export function namedIn(event: ModelEvent, provider: Provider): ModelEvent {
  return event.type === "error" ? { ...event, error: named(event.error, provider) } : event;
}
