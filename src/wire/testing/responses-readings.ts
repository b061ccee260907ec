/** What any client of OpenAI Responses has to understand of a turn. */
import type { Turn } from "./event-sequences.ts";

export interface ReadResponse {
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly status: string;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** What the OpenAI SDK's readers must read from the answer of this turn. */
export function responseReadingOf({ steps, finish: { reason, usage } }: Turn): ReadResponse {
  const blocks = steps.flat();
  const saidBy = (type: "text" | "reasoning"): string =>
    blocks.map((block) => (block.type === type ? block.deltas.join("") : "")).join("");
  return {
    text: saidBy("text"),
    reasoning: saidBy("reasoning"),
    toolCalls: steps.flatMap((step, stepIndex) =>
      step.flatMap((block, index) =>
        block.type === "tool" && block.executedBy === "client"
          ? [{ id: `b${stepIndex}.${index}`, name: block.toolName, arguments: block.deltas.join("") || "{}" }]
          : [],
      ),
    ),
    status: reason === "length" || reason === "content-filter" ? "incomplete" : "completed",
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
  };
}

/** The same for the AI SDK, which takes a refusal for text. */
export function aiSdkResponseReadingOf(turn: Turn): ReadResponse {
  const reading = responseReadingOf(turn);
  const refused = turn.finish.reason === "content-filter" && reading.text === "";
  return { ...reading, text: refused ? "The model declined to answer this request." : reading.text };
}
