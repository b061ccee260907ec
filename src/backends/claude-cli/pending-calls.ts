import { GatewayError } from "#core/errors.ts";
import type { Message } from "#core/request.ts";

/**
 * The calls of the last answer, which the conversation goes on with: all of them are answered, or (dropped by the client)
 * none. Throws `invalid-request` when some are.
 */
export function answeredCalls(before: readonly Message[], added: readonly Message[]): readonly string[] {
  const called = (before.at(-1)?.content ?? []).flatMap((part) => (part.type === "tool-call" ? [part.callId] : []));
  const answered = new Set(
    added.flatMap(({ content }) => content).flatMap((part) => (part.type === "tool-result" ? [part.callId] : [])),
  );
  const missing = called.filter((id) => !answered.has(id));
  if (missing.length === 0 || missing.length === called.length) return called;
  throw new GatewayError("invalid-request", `There is no result for the tool call ${missing.join(", ")}.`, {
    param: "messages",
    hint: "Bring the results of all calls of one answer together.",
  });
}
