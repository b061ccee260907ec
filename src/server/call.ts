import type { Mode, ToolOwner } from "#core/backend.ts";
import { efforts } from "#core/request.ts";
import { verbosities, type Verbosity } from "#core/verbosity.ts";
import type { Call } from "#gateway/types.ts";

import { betasIn } from "./anthropic-headers.ts";
import type { Exchange } from "./exchange.ts";
import { lostWhenRead } from "./lost-when-read.ts";
import { choiceOf, nameOf, type SaidToUs, unreadHeaderRefusal, valueOf } from "./request-headers.ts";
import type { RouteParams } from "./route.ts";
import { sessionIdsOf } from "./session-head.ts";

/** What the gateway is told of the request beside its body. Throws GatewayError `invalid-request`. */
export function callOf(exchange: Exchange, params: RouteParams): Call {
  const { request, said, path, query, requestId, unread, caller, signal, record } = exchange;
  const { headers } = request;
  const strict = strictOf(said);
  const [first] = unread;
  if (strict && first !== undefined) throw unreadHeaderRefusal(first, headers);
  return {
    ...askedBy(headers, said, params["session"]),
    requestId,
    principal: caller.principal,
    route: {
      backend: params["backend"] ?? (valueOf(said, "Backend") || caller.backend),
      token: caller.token,
      path,
      headers,
      bytes: Number(headers.get("content-length") ?? 0),
      hasTools: false,
      thinks: false,
    },
    strict,
    unreadHeaders: unread,
    lostWhenRead: () => lostWhenRead(headers, query),
    signal,
    record,
    failed: new Map(),
    notAsked: [],
    retries: { count: 0 },
    onAsked: (asked) => exchange.asks(asked),
  };
}

/** Of that, what its client asks for in headers. Throws GatewayError `invalid-request`. */
export function askedBy(headers: Headers, said: SaidToUs, session: RouteParams[string] | undefined) {
  const effort = choiceOf(said, "Effort", efforts);
  return {
    mode: choiceOf(said, "Mode", modes),
    tools: choiceOf(said, "Tools", toolOwners),
    verbosity: verbosityOf(said),
    model: valueOf(said, "Claude-Model") || undefined,
    effort,
    effortField: effort && nameOf(said, "Effort"),
    betas: betasIn(headers),
    workspace: valueOf(said, "Workspace") || undefined,
    sessionIds: sessionIdsOf(headers, said, session),
    interrupts: choiceOf(said, "Busy", whenBusy) === "interrupt",
  };
}

const modes = ["agent", "chat"] as const satisfies readonly Mode[];
const toolOwners = ["client", "agent", "both"] as const satisfies readonly ToolOwner[];

const whenBusy = ["wait", "interrupt"] as const;

/** Also in the words of an earlier proxy. */
function verbosityOf(said: SaidToUs): Verbosity | undefined {
  const isDefault = ["text", "default"].includes(valueOf(said, "Verbosity").toLowerCase());
  return isDefault ? "text-only" : choiceOf(said, "Verbosity", verbosities);
}

function strictOf(said: SaidToUs): boolean {
  const value = valueOf(said, "Strict");
  return value === "1" || (value !== "0" && choiceOf(said, "Strict", ["true", "false"]) === "true");
}
