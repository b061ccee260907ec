import type { SessionIds } from "#core/request.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

import { decoded, valueOf } from "./request-headers.ts";

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

/** The ids of a conversation in the address and the headers; the address comes first. */
export function sessionIdsOf(headers: Headers, inAddress: string | null | undefined): SessionIds {
  const hint = hintingHeaders.map((name) => decoded(headers.get(name)?.trim() ?? "")).find((id) => id !== "");
  return withoutNullish({ named: inAddress ?? (valueOf(headers, "Session") || undefined), hint });
}
