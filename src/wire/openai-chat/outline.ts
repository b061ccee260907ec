import type { RequestOutline } from "#core/wire-format.ts";
import { isRecord } from "#lib/is-record.ts";

export function outline(body: unknown): RequestOutline {
  const {
    model,
    stream,
    tools,
    reasoning_effort: effort,
    session_id: session,
    prompt_cache_key: hint,
  } = isRecord(body) ? body : {};
  return {
    model: typeof model === "string" && model !== "" ? model : undefined,
    stream: stream === true,
    hasTools: Array.isArray(tools) && tools.length > 0,
    thinks: typeof effort === "string" && effort !== "none",
    namesSession: typeof session === "string",
    sessionHint: typeof hint === "string" ? hint : undefined,
  };
}
