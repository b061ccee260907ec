import type { Mode } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { Call } from "#gateway/types.ts";

import type { Exchange } from "./exchange.ts";

/** What the gateway is told of the request beside its body. Throws GatewayError `invalid-request`. */
export function callOf({ request, requestId, principal, signal, record }: Exchange): Call {
  const { headers } = request;
  return { requestId, principal, mode: modeOf(headers), strict: strictOf(headers), signal, record };
}

function modeOf(headers: Headers): Mode | undefined {
  const value = headers.get("x-ccproxy-mode")?.trim().toLowerCase();
  if (value === undefined || value === "") return undefined;
  if (value === "agent" || value === "chat") return value;
  throw badHeader("X-CCProxy-Mode", "agent or chat");
}

function strictOf(headers: Headers): boolean {
  const value = headers.get("x-ccproxy-strict")?.trim().toLowerCase() ?? "";
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0" || value === "") return false;
  throw badHeader("X-CCProxy-Strict", "true or false");
}

function badHeader(name: string, expected: string): GatewayError {
  return new GatewayError("invalid-request", `The header ${name} must be ${expected}.`, { param: name });
}
