/** Conversations as APIs want them that take less than ours can say. */
import type { Message, ModelRequest, Part, ToolCallPart, ToolResultPart } from "./request.ts";
import { withResultsFirst } from "./results-first.ts";

/**
 * A system message that came late becomes tagged text of the user, where it may not stand or stands between calls and
 * their results; each call has its result in the very next message: one that its client dropped was not run; and a
 * message that says nothing is left out.
 */
export function settledMessages(
  messages: readonly Message[],
  { lateSystem }: { readonly lateSystem: "stands" | "tagged" },
): readonly Message[] {
  const settled: Message[] = [];
  for (const message of messages) {
    if (message.content.every(saysNothing)) continue;
    const previous = settled.at(-1);
    const isBetween = previous?.role === "assistant" && callsIn(previous).length > 0;
    const stands = message.role !== "system" || (lateSystem === "stands" && !isBetween);
    const { role, content } = stands ? message : { role: "user" as const, content: message.content.map(tagged) };
    if (previous?.role === role) settled[settled.length - 1] = { role, content: [...previous.content, ...content] };
    else settled.push({ role, content });
  }
  return settled.map((message, position) => withResultsFirst(withEveryResult(message, settled[position - 1])));
}

/** No API takes thoughts alone. */
function saysNothing(part: Part): boolean {
  return part.type === "reasoning" || (part.type === "text" && part.text === "");
}

function withEveryResult(message: Message, before: Message | undefined): Message {
  if (message.role !== "user" || before?.role !== "assistant") return message;
  const answered = new Set(resultsIn(message).map(({ callId }) => callId));
  const open = callsIn(before).filter(({ callId }) => !answered.has(callId));
  return { role: "user", content: [...open.map(notRun), ...message.content] };
}

function callsIn({ content }: Message): readonly ToolCallPart[] {
  return content.filter((part) => part.type === "tool-call");
}

function resultsIn({ content }: Message): readonly ToolResultPart[] {
  return content.filter((part) => part.type === "tool-result");
}

function notRun({ callId }: ToolCallPart): ToolResultPart {
  return {
    type: "tool-result",
    callId,
    content: [{ type: "text", text: "This tool was not run." }],
    isError: true,
  };
}

function tagged(part: Part): Part {
  return part.type === "text" ? { type: "text", text: `<system-message>\n${part.text}\n</system-message>` } : part;
}

/** Where a part stands in the request of its client, to name it in an error. */
export function pathOf({ messages, places }: Pick<ModelRequest, "messages" | "places">, part: Part): string {
  const known = places?.get(part);
  if (known !== undefined) return known;
  for (const [index, { content }] of messages.entries()) {
    const position = content.findIndex(
      (own) => own === part || (own.type === "tool-result" && own.content.includes(part)),
    );
    if (position !== -1) return `messages[${index}].content[${position}]`;
  }
  return "messages";
}
