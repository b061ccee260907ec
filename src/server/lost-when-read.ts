/** What a client says beside its body that only a request which is passed on as it came can keep, as it is named back. */
import { boundNames } from "#lib/unread-fields.ts";

/** Upstreams are asked by the first; all that the second is known to change is that it refuses more. */
const versions: ReadonlySet<string> = new Set(["2023-06-01", "2026-10-21"]);

/** Whose bill it is to be on, in words of an account that another backend does not have. */
const accounts = ["openai-organization", "openai-project"];

/** They let into an API with paths of its own: what of it is served here is served without them. */
const quiet: ReadonlySet<string> = new Set(["assistants", "realtime", "responses", "responses_websockets"]);

export function lostWhenRead(headers: Headers, query: URLSearchParams): readonly string[] {
  const version = headers.get("anthropic-version");
  const lost = [
    ...(version === null || versions.has(version) ? [] : ["anthropic-version"]),
    ...accounts.filter((name) => headers.has(name)),
    ...openaiBetasIn(headers),
    ...queriesIn(query),
  ];
  return lost.length === 0 ? lost : boundNames(new Set(lost));
}

function openaiBetasIn(headers: Headers): readonly string[] {
  const said = headers.get("openai-beta")?.split(",") ?? [];
  const names = said.map((name) => name.trim()).filter((name) => name !== "");
  return names.filter((name) => !quiet.has(name.replace(/=.*$/, ""))).map((name) => `openai-beta=${name}`);
}

/** Which of Anthropic's betas are asked for is said in a header, and that one is read: Claude Code sends both with everything. */
function queriesIn(query: URLSearchParams): readonly string[] {
  return [...query.keys()].filter((name) => name !== "beta").map((name) => `?${name}`);
}
