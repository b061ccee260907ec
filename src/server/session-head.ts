import type { SessionIds } from "#core/request.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

/** The first that is sent counts. */
const namingHeaders = ["x-ccproxy-session", "x-cc-session"];

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
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => decoded(headers.get(name)?.trim() ?? "")).find((id) => id !== "");
  return withoutNullish({ named: inAddress ?? first(namingHeaders), hint: first(hintingHeaders) });
}

/** Our own answers say an id percent-encoded where a header cannot carry it. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
