import { encodeCitation, refusalText } from "./answer.ts";
import { type AnswerEvent, itemAdded, itemDone, nextId, type Output } from "./output.ts";
import type { Annotation } from "./schema.ts";

export interface OpenMessage {
  readonly type: "message";
  readonly id: string;
  /** Its text is a refusal. */
  readonly refuses: boolean;
  text: string;
  /** Where in the text the open block began, which citations are of. */
  blockStart: number;
  readonly annotations: Annotation[];
}

export function newMessage(output: Output, refuses: boolean): OpenMessage {
  return { type: "message", id: nextId(output, "msg"), refuses, text: "", blockStart: 0, annotations: [] };
}

export function messageAdded(open: OpenMessage, output: Output): readonly AnswerEvent[] {
  return [
    itemAdded(output, { type: "message", id: open.id, role: "assistant", status: "in_progress", content: [] }),
    { type: "response.content_part.added", ...part(open, output), part: contentOf(open) },
  ];
}

export function addWords(open: OpenMessage, output: Output, text: string): AnswerEvent {
  open.text += text;
  if (open.refuses) return { type: "response.refusal.delta", ...part(open, output), delta: text };
  return { type: "response.output_text.delta", ...part(open, output), delta: text, logprobs: [] };
}

/** Citations come before or amid the text they belong to; only at its end is the range known. */
export function annotate(open: OpenMessage, output: Output, citations: readonly unknown[]): readonly AnswerEvent[] {
  const range = { start: open.blockStart, end: open.text.length };
  open.blockStart = open.text.length;
  return citations
    .flatMap((citation) => encodeCitation(citation, range))
    .map((annotation): AnswerEvent => ({
      type: "response.output_text.annotation.added",
      ...part(open, output),
      annotation_index: open.annotations.push(annotation) - 1,
      annotation,
    }));
}

export function closeMessage(open: OpenMessage, output: Output, cut: boolean): readonly AnswerEvent[] {
  const content = contentOf(open);
  const status = cut ? "incomplete" : "completed";
  return [
    content.type === "refusal"
      ? { type: "response.refusal.done", ...part(open, output), refusal: open.text }
      : { type: "response.output_text.done", ...part(open, output), text: open.text, logprobs: [] },
    { type: "response.content_part.done", ...part(open, output), part: content },
    itemDone(output, { type: "message", id: open.id, role: "assistant", status, content: [content] }),
  ];
}

/** A message of its own, for an answer that was filtered before its first word. */
export function refuse(output: Output): readonly AnswerEvent[] {
  const open = newMessage(output, true);
  return [...messageAdded(open, output), addWords(open, output, refusalText), ...closeMessage(open, output, false)];
}

function contentOf({ refuses, text, annotations }: OpenMessage) {
  if (refuses) return { type: "refusal" as const, refusal: text };
  const logprobs: [] = [];
  return { type: "output_text" as const, text, annotations: [...annotations], logprobs };
}

function part({ id }: OpenMessage, { done }: Output) {
  return { item_id: id, output_index: done.length, content_index: 0 };
}
