import type { Backend } from "#core/backend.ts";
import { type AskedRoute, createRouting } from "#gateway/routing.ts";

/** Of a request that leaves it to others what answers. */
export const plainRoute: AskedRoute = {
  backend: undefined,
  token: undefined,
  path: "/v1/chat/completions",
  headers: new Headers(),
  bytes: 0,
  hasTools: false,
  thinks: false,
};

export function onlyTo(backend: Backend) {
  return createRouting({ backends: [backend], rules: [], claims: [] });
}
