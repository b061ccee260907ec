import type { Mode, ToolOwner } from "#core/backend.ts";
import { efforts } from "#core/request.ts";
import { verbosities, type Verbosity } from "#core/verbosity.ts";
import type { Call } from "#gateway/types.ts";

import { betasIn } from "./anthropic-headers.ts";
import type { Exchange } from "./exchange.ts";
import { lostWhenRead } from "./lost-when-read.ts";
import { choiceOf, nameOf, unreadHeaderRefusal, valueOf } from "./request-headers.ts";
import type { RouteParams } from "./route.ts";
import { sessionIdsOf } from "./session-head.ts";

/** What the gateway is told of the request beside its body. Throws GatewayError `invalid-request`. */
export function callOf(exchange: Exchange, params: RouteParams): Call {
  const { request, path, query, requestId, unread, caller, signal, record } = exchange;
  const { headers } = request;
  const strict = strictOf(headers);
  const [first] = unread;
  if (strict && first !== undefined) throw unreadHeaderRefusal(first, headers);
  return {
    ...askedBy(headers, params["session"]),
    requestId,
    principal: caller.principal,
    route: {
      backend: params["backend"] ?? (valueOf(headers, "Backend") || caller.backend),
      token: caller.token,
      path,
      headers,
      bytes: Number(headers.get("content-length") ?? 0),
      hasTools: false,
      thinks: false,
    },
    strict,
    unreadHeaders: unread,
    lostWhenRead: lostWhenRead(headers, query),
    signal,
    record,
    failed: new Map(),
    notAsked: [],
    retries: { count: 0 },
    onAsked: (asked) => exchange.asks(asked),
  };
}

/** Of that, what its client asks for in headers. Throws GatewayError `invalid-request`. */
export function askedBy(headers: Headers, session: RouteParams[string] | undefined) {
  const effort = choiceOf(headers, "Effort", efforts);
  return {
    mode: choiceOf(headers, "Mode", modes),
    tools: choiceOf(headers, "Tools", toolOwners),
    verbosity: verbosityOf(headers),
    model: valueOf(headers, "Claude-Model") || undefined,
    effort,
    effortField: effort && nameOf(headers, "Effort"),
    betas: betasIn(headers),
    workspace: valueOf(headers, "Workspace") || undefined,
    sessionIds: sessionIdsOf(headers, session),
    interrupts: choiceOf(headers, "Busy", whenBusy) === "interrupt",
  };
}

const modes = ["agent", "chat"] as const satisfies readonly Mode[];
const toolOwners = ["client", "agent", "both"] as const satisfies readonly ToolOwner[];

const whenBusy = ["wait", "interrupt"] as const;

/** Also in the words of an earlier proxy. */
function verbosityOf(headers: Headers): Verbosity | undefined {
  const isDefault = ["text", "default"].includes(valueOf(headers, "Verbosity").toLowerCase());
  return isDefault ? "text-only" : choiceOf(headers, "Verbosity", verbosities);
}

function strictOf(headers: Headers): boolean {
  const value = valueOf(headers, "Strict");
  return value === "1" || (value !== "0" && choiceOf(headers, "Strict", ["true", "false"]) === "true");
}
