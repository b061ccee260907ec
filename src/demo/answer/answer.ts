import type { Asked, AskedTool } from "#demo/request.ts";
import type { Quirk } from "#demo/script/quirks.ts";
import type { ContentOrder, Fault, Step, StopOrder, StopReason, UsageOrder } from "#demo/script/script-types.ts";

import type { Standing } from "./conversation.ts";
import { obeyed } from "./obey.ts";
import { piecesOf } from "./pieces.ts";
import { sampleOf } from "./sample.ts";
import { tokensOfRequest, tokensOfText } from "./tokens.ts";
import { greeting, mediaSentence, quoteResults } from "./wording.ts";

/** One whole answer, ready to be played event by event or sent at once. */
export interface Answer {
  /** Counts the answers of this process, from 1; makes ids unique and repeatable. */
  readonly number: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly model: string;
  readonly blocks: readonly AnswerBlock[];
  readonly stopReason: StopReason;
  readonly stopSequence: string | null;
  readonly usage: AnswerUsage;
  readonly delayMs: number;
  readonly faults: readonly Fault[];
  readonly quirks: ReadonlySet<Quirk>;
}

/** `pieces` become one delta each. */
export type AnswerBlock =
  | { readonly type: "text" | "refusal"; readonly pieces: readonly string[] }
  | { readonly type: "thinking"; readonly pieces: readonly string[]; readonly signature: string }
  | { readonly type: "redacted_thinking"; readonly data: string }
  | {
      readonly type: "tool_use";
      /** Unique in this process; the APIs put their own prefix before it. */
      readonly key: string;
      readonly name: string;
      readonly input: unknown;
      readonly pieces: readonly string[];
    };

export interface AnswerUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  /** Undefined when the answer holds no thinking. */
  readonly thinking: number | undefined;
}

export interface Occasion {
  readonly number: number;
  readonly createdAt: number;
  readonly request: Asked;
  readonly standing: Standing;
  /** The prompt without its directives. */
  readonly prompt: string;
  readonly defaultDelayMs: number;
  /** What `[[demo echo]]` answers. */
  readonly echo: () => unknown;
}

export function composeAnswer(step: Step, occasion: Occasion): Answer {
  const { request, number, createdAt } = occasion;
  const { blocks, stop } = ending(step, request, blocksFor(step, occasion));
  return {
    number,
    createdAt,
    model: request.model,
    blocks,
    stopReason: stop.reason,
    stopSequence: stop.sequence ?? null,
    usage: usageOf(blocks, tokensOfRequest(request), step.usage),
    delayMs: step.delayMs ?? occasion.defaultDelayMs,
    faults: step.faults,
    quirks: new Set(step.quirks),
  };
}

interface Ending {
  readonly blocks: readonly AnswerBlock[];
  readonly stop: StopOrder;
}

/** Why the answer stops: what the script says, else what the request's limits did to it, else what it holds. */
function ending(step: Step, request: Asked, blocks: readonly AnswerBlock[]): Ending {
  const holds = (type: AnswerBlock["type"]): boolean => blocks.some((block) => block.type === type);
  const reason = holds("refusal") ? "refusal" : holds("tool_use") ? "tool_use" : "end_turn";
  const limited = step.obey ? obeyed(request, blocks) : undefined;
  return { blocks: limited?.blocks ?? blocks, stop: step.stop ?? limited?.stop ?? { reason, sequence: undefined } };
}

function blocksFor(step: Step, occasion: Occasion): readonly AnswerBlock[] {
  const { request, standing, number } = occasion;
  if (step.empty) return [];
  const asked = step.content.map((order, index) => blockOf(order, index, occasion));
  if (step.content.some((order) => order.type !== "think" && order.type !== "redacted")) return asked;
  const schema = request.output_config?.format?.schema;
  const tool = orderedTool(request);
  if (tool !== undefined) return [...asked, toolBlock(`${number}_0`, tool.name, sampleOf(tool.input_schema))];
  if (schema !== undefined) return [...asked, textBlock(JSON.stringify(sampleOf(schema)))];
  return [...asked, textBlock(greeting(request, standing, occasion.prompt))];
}

function blockOf(order: ContentOrder, index: number, occasion: Occasion): AnswerBlock {
  switch (order.type) {
    case "say":
      return textBlock(order.text);
    case "text":
      return { type: "text", pieces: Array.from({ length: order.chunks }, (_, at) => `chunk ${at + 1} `) };
    case "big":
      return { type: "text", pieces: ["0123456789abcdef".repeat(Math.ceil(order.bytes / 16)).slice(0, order.bytes)] };
    case "think":
      return { type: "thinking", pieces: piecesOf(order.text), signature: btoa(`demo signature ${occasion.number}`) };
    case "redacted":
      return { type: "redacted_thinking", data: btoa(`demo redacted ${occasion.number}`) };
    case "refuse":
      return { type: "refusal", pieces: piecesOf(order.text) };
    case "results":
      return textBlock(quoteResults(occasion.standing.results));
    case "tool":
      return toolBlock(`${occasion.number}_${index}`, order.name, order.input);
    case "media":
      return textBlock(mediaSentence(occasion.request.messages) ?? "No image and no document arrived.");
    case "echo":
      return { type: "text", pieces: piecesOf(JSON.stringify(occasion.echo()), 400) };
  }
}

function textBlock(text: string): AnswerBlock {
  return { type: "text", pieces: piecesOf(text) };
}

function toolBlock(key: string, name: string, input: unknown): AnswerBlock {
  return { type: "tool_use", key, name, input, pieces: piecesOf(JSON.stringify(input)) };
}

/** The tool by which Claude Code asks for an answer in the form of a schema; it tells the model that it must call it. */
const ANSWER_TOOL = "StructuredOutput";

/** The API always obeys a forced `tool_choice`, and a model what it is told, so a client may rely on both. */
function orderedTool({ tools = [], tool_choice: choice }: Asked): AskedTool | undefined {
  if (choice?.type === "any") return tools[0];
  const name = choice?.type === "tool" ? choice.name : ANSWER_TOOL;
  return tools.find((tool) => tool.name === name);
}

function usageOf(content: readonly AnswerBlock[], input: number, asked: UsageOrder): AnswerUsage {
  const spent = (wanted: (block: AnswerBlock) => boolean): number =>
    content
      .filter(wanted)
      .reduce((sum, block) => sum + ("pieces" in block ? tokensOfText(block.pieces.join("")) : 8), 0);
  const isThinking = (block: AnswerBlock): boolean => block.type === "thinking" || block.type === "redacted_thinking";
  const thinking = asked.thinking ?? (content.some(isThinking) ? spent(isThinking) : undefined);
  return {
    input: asked.input ?? input,
    output:
      asked.output ??
      Math.max(
        1,
        spent(() => true),
      ),
    cacheRead: asked.cacheRead ?? 0,
    cacheWrite: (asked.cacheWrite ?? 0) + (asked.cacheWrite1h ?? 0),
    cacheWrite1h: asked.cacheWrite1h ?? 0,
    thinking,
  };
}
