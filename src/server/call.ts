import type { Mode, ToolOwner } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { Call } from "#gateway/types.ts";

import type { Exchange } from "./exchange.ts";

/** What the gateway is told of the request beside its body. Throws GatewayError `invalid-request`. */
export function callOf({ request, requestId, principal, signal, record }: Exchange): Call {
  const { headers } = request;
  const mode = choiceOf(headers, "X-CCProxy-Mode", modes);
  const tools = choiceOf(headers, "X-CCProxy-Tools", toolOwners);
  return { requestId, principal, mode, tools, strict: strictOf(headers), signal, record };
}

const modes = ["agent", "chat"] as const satisfies readonly Mode[];
const toolOwners = ["client", "agent", "both"] as const satisfies readonly ToolOwner[];

/** undefined where the client leaves the choice to others. */
function choiceOf<const T extends string>(headers: Headers, name: string, choices: readonly T[]): T | undefined {
  const value = headers.get(name)?.trim().toLowerCase() ?? "";
  if (value === "") return undefined;
  const chosen = choices.find((choice) => choice === value);
  if (chosen === undefined) throw badHeader(name, `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`);
  return chosen;
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
