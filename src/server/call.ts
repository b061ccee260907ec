import type { Mode, ToolOwner } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import { efforts } from "#core/request.ts";
import { verbosities, type Verbosity } from "#core/verbosity.ts";
import type { Call } from "#gateway/types.ts";

import type { Exchange } from "./exchange.ts";
import type { RouteParams } from "./route.ts";
import { sessionIdsOf } from "./session-head.ts";

/** What the gateway is told of the request beside its body. Throws GatewayError `invalid-request`. */
export function callOf({ request, requestId, principal, signal, record }: Exchange, params: RouteParams): Call {
  const { headers } = request;
  return {
    requestId,
    principal,
    mode: choiceOf(headers, "X-CCProxy-Mode", modes),
    tools: choiceOf(headers, "X-CCProxy-Tools", toolOwners),
    verbosity: verbosityOf(headers),
    model: headers.get(nameOf(headers, "Claude-Model"))?.trim() || undefined,
    effort: choiceOf(headers, nameOf(headers, "Effort"), efforts),
    workspace: workspaceOf(headers),
    sessionIds: sessionIdsOf(headers, params["session"]),
    interrupts: choiceOf(headers, "X-CCProxy-Busy", whenBusy) === "interrupt",
    strict: strictOf(headers),
    signal,
    record,
  };
}

const modes = ["agent", "chat"] as const satisfies readonly Mode[];
const toolOwners = ["client", "agent", "both"] as const satisfies readonly ToolOwner[];

const whenBusy = ["wait", "interrupt"] as const;

/** The header as an earlier proxy called it, where only that one has a value. */
function nameOf(headers: Headers, what: string): string {
  const [ours, theirs] = [`X-CCProxy-${what}`, `X-CC-${what}`];
  return valueOf(headers, ours) === "" && valueOf(headers, theirs) !== "" ? theirs : ours;
}

/** Also in the words of an earlier proxy. */
function verbosityOf(headers: Headers): Verbosity | undefined {
  const name = nameOf(headers, "Verbosity");
  const isDefault = ["text", "default"].includes(valueOf(headers, name));
  return isDefault ? "text-only" : choiceOf(headers, name, verbosities);
}

/** undefined where the client leaves the choice to others. */
function choiceOf<const T extends string>(headers: Headers, name: string, choices: readonly T[]): T | undefined {
  const value = valueOf(headers, name);
  if (value === "") return undefined;
  const chosen = choices.find((choice) => choice === value);
  if (chosen === undefined) throw badHeader(name, `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`);
  return chosen;
}

/** Percent-encoded where it is not plain ASCII, as we send it ourselves. */
function workspaceOf(headers: Headers): string | undefined {
  const value = (headers.get("x-ccproxy-workspace") ?? headers.get("x-cc-workspace") ?? "").trim();
  if (value === "") return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    throw badHeader("X-CCProxy-Workspace", "percent-encoded UTF-8");
  }
}

function strictOf(headers: Headers): boolean {
  const value = valueOf(headers, "X-CCProxy-Strict");
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0" || value === "") return false;
  throw badHeader("X-CCProxy-Strict", "true or false");
}

function valueOf(headers: Headers, name: string): string {
  return headers.get(name)?.trim().toLowerCase() ?? "";
}

function badHeader(name: string, expected: string): GatewayError {
  return new GatewayError("invalid-request", `The header ${name} must be ${expected}.`, { param: name });
}
