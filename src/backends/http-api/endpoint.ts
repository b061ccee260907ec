import type { WireFormatId } from "#core/request.ts";

import { apiRoot, type Dialect, dialects } from "./dialect.ts";
import type { HttpApiOptions } from "./options.ts";

export interface Endpoint {
  readonly dialect: Dialect;
  /** Without a slash at its end. */
  readonly root: string;
}

/** The one that speaks the client's own format, where there is one: nothing is lost in it. */
export function endpointFor({ endpoints, title }: HttpApiOptions, format: WireFormatId): Endpoint {
  const chosen = endpoints.find((endpoint) => endpoint.format === format) ?? endpoints[0];
  if (chosen === undefined) throw new Error(`${title} has no endpoint.`);
  return { dialect: dialects[chosen.format], root: apiRoot(chosen.baseUrl, chosen.format) };
}
