import { GatewayError } from "#core/errors.ts";
import type { SessionIds } from "#core/request.ts";

/** The id of a client's that counts. */
export interface ChosenSession {
  readonly id: string;
  readonly named: boolean;
}

const longestId = 200;

/**
 * Which of the ids a request carries is its session: one that was meant as a name before one that is but sent along, and
 * the head of the request (address, then headers) before the body. Throws GatewayError `invalid-request` for a name
 * that cannot be one, and for two that differ; a hint of that kind is no hint.
 */
export function chooseSession(head: SessionIds | undefined, body: SessionIds | undefined): ChosenSession | undefined {
  const names = [head?.named, body?.named].filter(isGiven);
  const [name] = names;
  if (name !== undefined) {
    if (!names.every((other) => other === name)) throw contradictory();
    if (!isUsable(name)) throw unusable();
    return { id: name, named: true };
  }
  const hint = [head?.hint, body?.hint].find(isGiven);
  return hint === undefined || !isUsable(hint) ? undefined : { id: hint, named: false };
}

function isGiven(id: string | undefined): id is string {
  return id !== undefined && id !== "";
}

/** It stands in addresses, headers and logs. */
function isUsable(id: string): boolean {
  return id.length <= longestId && id.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(id);
}

function contradictory(): GatewayError {
  return new GatewayError("invalid-request", "The body names another session than the address or the header does.", {
    param: "session_id",
    hint: "Name the session once.",
  });
}

function unusable(): GatewayError {
  return new GatewayError("invalid-request", "This cannot be the id of a session.", {
    param: "session_id",
    hint: `Use 1 to ${longestId} characters without line breaks.`,
  });
}
