import { type AnswerEvent, itemAdded, itemDone, nextId, type Output } from "./output.ts";
import { type SealedReasoning, sealReasoning } from "./reasoning-envelope.ts";

export interface OpenReasoning {
  readonly type: "reasoning";
  readonly id: string;
  text: string;
  readonly redactedData: string | undefined;
}

export function newReasoning(output: Output, redactedData: string | undefined): OpenReasoning {
  return { type: "reasoning", id: nextId(output, "rs"), text: "", redactedData };
}

export function reasoningAdded({ id }: OpenReasoning, output: Output): AnswerEvent {
  return itemAdded(output, { type: "reasoning", id, summary: [] });
}

export function addThought(open: OpenReasoning, output: Output, text: string): readonly AnswerEvent[] {
  if (text === "") return [];
  const at = summary(open, output);
  const opening: readonly AnswerEvent[] =
    open.text === ""
      ? [{ type: "response.reasoning_summary_part.added", ...at, part: { type: "summary_text", text: "" } }]
      : [];
  open.text += text;
  return [...opening, { type: "response.reasoning_summary_text.delta", ...at, delta: text }];
}

export function closeReasoning(
  open: OpenReasoning,
  output: Output,
  signature: string | undefined,
): readonly AnswerEvent[] {
  const { id, text, redactedData } = open;
  const sealed: SealedReasoning = {
    ...(signature !== undefined && { signature }),
    ...(redactedData !== undefined && { redactedData }),
  };
  const told = { type: "summary_text" as const, text };
  const at = summary(open, output);
  const said: readonly AnswerEvent[] =
    text === ""
      ? []
      : [
          { type: "response.reasoning_summary_text.done", ...at, text },
          { type: "response.reasoning_summary_part.done", ...at, part: told },
        ];
  return [
    ...said,
    itemDone(output, {
      type: "reasoning",
      id,
      summary: text === "" ? [] : [told],
      encrypted_content: sealReasoning(sealed) ?? null,
    }),
  ];
}

function summary({ id }: OpenReasoning, { done }: Output) {
  return { item_id: id, output_index: done.length, summary_index: 0 };
}
