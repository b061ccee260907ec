import type { ModelEvent } from "#core/events.ts";
import type { Message, Part } from "#core/request.ts";
import { add, type ResponsePart, startCollecting } from "#core/response.ts";
import { isRecord } from "#lib/is-record.ts";

/** Gathers the answer of a turn while it goes by. */
export interface AnswerCollector {
  add(event: ModelEvent): void;
  /** The answer as it stands in the conversation; undefined when it says nothing, or is none to go on from. */
  message(): Message | undefined;
}

export function createAnswerCollector(): AnswerCollector {
  const collecting = startCollecting();
  return {
    add(event) {
      if (event.type !== "error") add(collecting, event);
    },
    message() {
      const reason = collecting.finish?.reason;
      if (reason !== "stop" && reason !== "length" && reason !== "tool-calls") return undefined;
      const content = collecting.content.flatMap(spoken);
      return content.some(({ type }) => type !== "reasoning") ? { role: "assistant", content } : undefined;
    },
  };
}

/** What the agent did with tools of its own is not said to the client, and known to the CLI alone. */
function spoken(part: ResponsePart): readonly Part[] {
  switch (part.type) {
    case "text":
      return part.text === "" ? [] : [{ type: "text", text: part.text }];
    case "reasoning":
      return [part];
    case "tool-call":
      if (part.executedBy !== "client") return [];
      return [{ type: "tool-call", callId: part.callId, toolName: part.toolName, input: inputOf(part.inputJson) }];
    default:
      return [];
  }
}

/** A model may write anything; what is no object the API would not take back. */
function inputOf(json: string): unknown {
  try {
    const input: unknown = JSON.parse(json);
    return isRecord(input) ? input : {};
  } catch {
    return {};
  }
}
