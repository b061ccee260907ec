import type { AgentAct, AgentCall, AgentResult } from "#core/agent-act.ts";
import type { ModelEvent } from "#core/events.ts";
import type { Message, Part, TextPart } from "#core/request.ts";

/** Characters; an endless answer is not kept whole. */
const LONGEST_REMEMBERED = 1_000_000;

/** Keeps how an answer was shown, to recognise it by when the client sends it back. */
export interface ShownAnswer {
  add(events: readonly ModelEvent[]): void;
  /**
   * The ways a client may write it down: one text, in which steps run on or are paragraphs, or, where it was shown acts
   * as parts of their own, with each in its true role. None when it was too long to keep.
   */
  spellings(): readonly (readonly Message[])[];
}

export function createShownAnswer(): ShownAnswer {
  const paragraphs: string[] = [];
  const acts: (string | AgentAct)[] = [];
  let length = 0;
  const addText = (text: string) => {
    length += text.length;
    if (length > LONGEST_REMEMBERED) return;
    paragraphs.push((paragraphs.pop() ?? "") + text);
    acts.push(text);
  };
  const addAct = (act: AgentAct, line: string | undefined) => {
    length += JSON.stringify(act).length;
    if (length > LONGEST_REMEMBERED) return;
    acts.push(act);
    paragraphs.push(line ?? "", "");
  };
  return {
    add(events) {
      for (const event of events) {
        if (beginsParagraph.has(event.type)) paragraphs.push("");
        if (event.type === "text-delta") addText(event.text);
        if (event.type === "agent-act") addAct(event.act, event.line);
      }
    },
    spellings() {
      if (length > LONGEST_REMEMBERED) return [];
      const spoken = paragraphs.filter((text) => text !== "");
      const texts = [...new Set([spoken.join(""), spoken.join("\n\n")])].filter((text) => text !== "");
      const asText = texts.map((text): readonly Message[] => [
        { role: "assistant", content: [{ type: "text", text }] },
      ]);
      const inRoles = acts.some((act) => typeof act !== "string") ? trueRoles(acts) : undefined;
      return inRoles === undefined ? asText : [...asText, inRoles];
    },
  };
}

const beginsParagraph: ReadonlySet<ModelEvent["type"]> = new Set(["step-start", "tool-input-start", "tool-result"]);

/** As the messages the acts were; undefined when a result holds more than text. */
function trueRoles(acts: readonly (string | AgentAct)[]): readonly Message[] | undefined {
  const messages: { role: Message["role"]; content: Part[] }[] = [];
  const add = (role: Message["role"], part: Part) => {
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(part);
    else messages.push({ role, content: [part] });
  };
  for (const act of acts) {
    if (typeof act === "string") add("assistant", { type: "text", text: act });
    else if (act.type === "tool_use_sdk") add("assistant", callPart(act));
    else if (act.type === "tool_result_sdk") {
      const content = textParts(act.content);
      if (content === undefined) return undefined;
      add("user", resultPart(act, content));
    }
  }
  return messages;
}

function callPart({ id, name, input }: AgentCall): Part {
  return { type: "tool-call", callId: id, toolName: name, input };
}

function resultPart({ tool_use_id: callId, is_error: isError }: AgentResult, content: readonly TextPart[]): Part {
  return { type: "tool-result", callId, content, isError };
}

function textParts(content: unknown): readonly TextPart[] | undefined {
  if (typeof content === "string") return textPart(content);
  if (!Array.isArray(content)) return undefined;
  const parts = content.map((block: unknown) => (isTextBlock(block) ? textPart(block.text) : undefined));
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}

function textPart(text: string): readonly TextPart[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function isTextBlock(block: unknown): block is { readonly text: string } {
  return (
    typeof block === "object" &&
    block !== null &&
    "type" in block &&
    block.type === "text" &&
    "text" in block &&
    typeof block.text === "string"
  );
}
