import type { ModelEvent } from "#core/events.ts";
import type { ReadResponse } from "#wire/testing/responses-readings.ts";
import { seenOf } from "#wire/testing/seen.ts";

/** What the events tell, as other clients of the format would: texts in one, thoughts in one. */
export function responseRead(events: readonly ModelEvent[]): ReadResponse {
  const { parts, reason, usage } = seenOf(events);
  const ids = events.flatMap((event) => (event.type === "tool-input-start" ? [event.id] : []));
  const said = (type: "text" | "reasoning") =>
    parts.map((part) => (part.type === type && "text" in part ? part.text : "")).join("");
  return {
    text: said("text"),
    reasoning: said("reasoning"),
    toolCalls: parts
      .filter((part) => part.type === "tool-call")
      .map(({ toolName, inputJson }, index) => ({
        id: ids[index] ?? "",
        name: toolName,
        arguments: inputJson || "{}",
      })),
    status: reason === "length" || reason === "content-filter" ? "incomplete" : "completed",
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
  };
}
