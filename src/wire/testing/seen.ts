import { GatewayError } from "#core/errors.ts";
/** What a client of any format can see of a turn, to compare one that was encoded and decoded with what it was. */
import type { ModelEvent } from "#core/events.ts";
import { add, type ModelResponse, type ResponsePart, startCollecting } from "#core/response.ts";

/** Throws the stream's own error. */
export function seenOf(events: readonly ModelEvent[]) {
  const collecting = startCollecting();
  for (const event of events) add(collecting, event);
  const { start, finish, content } = collecting;
  if (start === undefined || finish === undefined) throw new GatewayError("internal", "The stream has no end.");
  const parts = content.flatMap(seenPart);
  const reason = seenReason(
    finish.reason,
    parts.some(({ type }) => type === "tool-call"),
  );
  return {
    id: start.responseId,
    model: start.model,
    parts,
    reason,
    stopSequence: reason === "stop" ? finish.stopSequence : undefined,
    usage: finish.usage,
  };
}

/** Calls beside which an answer says that it is over are still to be run. */
function seenReason(reason: ModelResponse["finish"]["reason"], calls: boolean) {
  if (reason !== "stop" && reason !== "tool-calls") return reason;
  return calls ? "tool-calls" : "stop";
}

function seenPart(part: ResponsePart): ResponsePart[] {
  if (part.type === "text") return part.text === "" && part.citations.length === 0 ? [] : [part];
  if (part.type === "reasoning") return [part];
  return part.type === "tool-call" && part.executedBy === "client" ? [{ ...part, callId: "" }] : [];
}

/** How a stream breaks the rules of a well-formed one (see ModelEvent); undefined where it keeps them. */
export function faultIn(events: readonly ModelEvent[]): string | undefined {
  const types = events.map(({ type }) => type);
  const last = types.at(-1);
  if (types.findIndex((type) => type === "finish" || type === "error") !== types.length - 1) return "a terminal amid";
  if (last === "finish" || types.length > 1)
    if (types[0] !== "start" || types.lastIndexOf("start") !== 0) return "not one start";
  return faultInBlocks(events.filter((event) => event.type !== "tool-result"));
}

/** An error may leave a block open. */
function faultInBlocks(events: readonly ModelEvent[]): string | undefined {
  let open: string | undefined;
  for (const event of events) {
    if (event.type === "finish" && open !== undefined) return "a block without an end";
    if (!("id" in event)) continue;
    if (event.type.endsWith("-start") ? open !== undefined : open !== event.id) return `a stray ${event.type}`;
    open = event.type.endsWith("-end") ? undefined : event.id;
  }
  return undefined;
}
