import type { RequestOutline } from "#core/wire-format.ts";
import { isRecord } from "#lib/is-record.ts";

import { sessionOfUser } from "./request.ts";

export function outline(body: unknown): RequestOutline {
  const { model, stream, tools, thinking, metadata, session_id: session } = isRecord(body) ? body : {};
  return {
    model: typeof model === "string" && model !== "" ? model : undefined,
    stream: stream === true,
    hasTools: Array.isArray(tools) && tools.length > 0,
    thinks: isRecord(thinking) && thinking["type"] !== "disabled",
    namesSession: typeof session === "string",
    sessionHint: isRecord(metadata) ? sessionOfUser(metadata["user_id"]) : undefined,
  };
}
