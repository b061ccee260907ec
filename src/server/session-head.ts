import { GatewayError } from "#core/errors.ts";
import type { SessionIds } from "#core/request.ts";
import { percentDecoded } from "#lib/percent-decoded.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

import { type SaidToUs, valueOf } from "./request-headers.ts";

/** What agents send along with all they ask, title and sub-agent requests included. */
const hintingHeaders = [
  "x-claude-code-session-id",
  "x-opencode-session",
  "x-session-affinity",
  // Codex.
  "session-id",
  "session_id",
  "conversation_id",
];

/** The ids of a conversation in the address and the headers. Throws GatewayError `invalid-request` for two names that differ. */
export function sessionIdsOf(headers: Headers, said: SaidToUs, inAddress: string | null | undefined): SessionIds {
  const hint = hintingHeaders.map((name) => percentDecoded(headers.get(name)?.trim() ?? "")).find((id) => id !== "");
  const inHeader = valueOf(said, "Session") || undefined;
  if (inAddress != null && inHeader !== undefined && inHeader !== inAddress) throw contradictory();
  return withoutNullish({ named: inAddress ?? inHeader, hint });
}

function contradictory(): GatewayError {
  return new GatewayError("invalid-request", "The address names another session than X-CCProxy-Session does.", {
    param: "X-CCProxy-Session",
    hint: "Name the session once.",
  });
}
