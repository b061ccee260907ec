import type { ModelEvent } from "#core/events.ts";
import type { ReadChat } from "#wire/testing/chat-readings.ts";
import { seenOf } from "#wire/testing/seen.ts";

const reasons: Readonly<Record<string, string>> = { "tool-calls": "tool_calls", "content-filter": "content_filter" };

/** What the events tell, as other clients of the format would: texts in one, thoughts in one. */
export function chatRead(events: readonly ModelEvent[]): ReadChat {
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
    finishReason: reasons[reason] ?? reason,
    promptTokens: usage.inputTokens,
    completionTokens: usage.outputTokens,
  };
}
