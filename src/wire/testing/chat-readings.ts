/** What any client of OpenAI chat completions has to understand of a turn. */
import type { Turn } from "./event-sequences.ts";

export interface ReadChat {
  readonly text: string;
  /** Only the AI SDK reads it. */
  readonly reasoning?: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finishReason: string | undefined;
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
  readonly refusal?: string;
}

/** What the OpenAI SDK's readers must read from the stream of this turn. */
export function chatReadingOf(turn: Turn): ReadChat {
  const toolCalls = turn.steps.flatMap((step, stepIndex) =>
    step.flatMap((block, index) =>
      block.type === "tool" && block.executedBy === "client"
        ? [{ id: `b${stepIndex}.${index}`, name: block.toolName, arguments: block.deltas.join("") || "{}" }]
        : [],
    ),
  );
  const { reason, usage } = turn.finish;
  const text = chatTextOf(turn);
  const ended = toolCalls.length > 0 ? "tool_calls" : "stop";
  return {
    text,
    refusal: reason === "content-filter" && text === "" ? "The model declined to answer this request." : "",
    toolCalls,
    finishReason: reason === "length" ? "length" : reason === "content-filter" ? "content_filter" : ended,
    promptTokens: usage.inputTokens,
    completionTokens: usage.outputTokens,
  };
}

/** The same for the AI SDK, which takes a refusal for text and knows `reasoning_content`. */
export function aiSdkChatReadingOf(turn: Turn): ReadChat {
  const { refusal, ...reading } = chatReadingOf(turn);
  const reasoning = turn.steps.flat().flatMap((block) => (block.type === "reasoning" ? [block.deltas.join("")] : []));
  return {
    ...reading,
    text: reading.text + (refusal ?? ""),
    reasoning: reasoning.filter((text) => text !== "").join("\n\n"),
  };
}

/** Texts run on within a step, up to a tool; after either a blank line sets them apart. */
function chatTextOf(turn: Turn): string {
  const runs = [""];
  for (const step of turn.steps) {
    runs.push("");
    for (const block of step) {
      if (block.type === "tool") runs.push("");
      if (block.type === "text") runs.push((runs.pop() ?? "") + block.deltas.join(""));
    }
  }
  return runs.filter((run) => run !== "").join("\n\n");
}
