import type { Standing, ToolResult } from "./conversation.ts";
import { describeMedia } from "./media.ts";
import { piecesOf } from "./pieces.ts";
import type { ChatMessage, MessagesRequest } from "./request.ts";
import { sampleOf } from "./sample.ts";
import type { ContentOrder, Fault, Step, StopReason, UsageOrder } from "./script.ts";
import { tokensOfRequest, tokensOfText } from "./tokens.ts";

/** One whole answer, ready to be played event by event or sent at once. */
export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly blocks: readonly AnswerBlock[];
  readonly stopReason: StopReason;
  readonly stopSequence: string | null;
  readonly usage: AnswerUsage;
  readonly delayMs: number;
  readonly faults: readonly Fault[];
}

/** `pieces` become one delta each. */
export type AnswerBlock =
  | { readonly type: "text"; readonly pieces: readonly string[] }
  | { readonly type: "thinking"; readonly pieces: readonly string[]; readonly signature: string }
  | { readonly type: "redacted_thinking"; readonly data: string }
  | {
      readonly type: "tool_use";
      readonly id: string;
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
  /** Counts the answers of this process, from 1; makes ids unique and repeatable. */
  readonly number: number;
  readonly request: MessagesRequest;
  readonly standing: Standing;
  /** The prompt without its directives. */
  readonly prompt: string;
  readonly faults: readonly Fault[];
  readonly defaultDelayMs: number;
  /** What `[[demo echo]]` answers. */
  readonly echo: () => unknown;
}

/** `step` is undefined when the script has nothing left to say and the tools' results are to be answered. */
export function composeAnswer(step: Step | undefined, occasion: Occasion): Answer {
  const { request, number } = occasion;
  const blocks = obeyed(step, request, blocksFor(step, occasion));
  const called = blocks.content.some((block) => block.type === "tool_use");
  return {
    id: `msg_demo_${number}`,
    model: request.model,
    blocks: blocks.content,
    stopReason: step?.stop?.reason ?? blocks.stopped?.reason ?? (called ? "tool_use" : "end_turn"),
    stopSequence: step?.stop?.sequence ?? blocks.stopped?.sequence ?? null,
    usage: usageOf(blocks.content, tokensOfRequest(request), step?.usage ?? {}),
    delayMs: step?.delayMs ?? occasion.defaultDelayMs,
    faults: occasion.faults,
  };
}

function blocksFor(step: Step | undefined, occasion: Occasion): readonly AnswerBlock[] {
  const { request, standing, number } = occasion;
  if (step === undefined) return [textBlock(quoteResults(standing.results))];
  if (step.empty) return [];
  const asked = step.content.map((order, index) => blockOf(order, index, occasion));
  if (step.content.some((order) => order.type !== "think" && order.type !== "redacted")) return asked;
  const schema = request.output_config?.format?.schema;
  const tool = forcedTool(request);
  if (tool !== undefined) return [...asked, toolBlock(`${number}_0`, tool.name, sampleOf(tool.input_schema))];
  if (schema !== undefined) return [...asked, textBlock(JSON.stringify(sampleOf(schema)))];
  return [...asked, textBlock(greeting(occasion))];
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

function toolBlock(suffix: string, name: string, input: unknown): AnswerBlock {
  return {
    type: "tool_use",
    id: `toolu_demo_${suffix}`,
    name,
    input,
    pieces: ["", ...piecesOf(JSON.stringify(input))],
  };
}

/** The API always obeys a forced `tool_choice`, so a client may rely on it. */
function forcedTool({
  tools = [],
  tool_choice: choice,
}: MessagesRequest): NonNullable<MessagesRequest["tools"]>[number] | undefined {
  if (choice?.type === "any") return tools[0];
  return choice?.type === "tool" ? tools.find((tool) => tool.name === choice.name) : undefined;
}

function greeting({ request, standing, prompt }: Occasion): string {
  const wrote = prompt === "" ? "You wrote nothing." : `You wrote: "${shortened(prompt)}"`;
  const media = mediaSentence(request.messages.slice(-1));
  return [
    `Hello from the demo upstream, playing ${request.model}; no model was asked.`,
    wrote,
    ...(media === undefined ? [] : [media]),
    `This is turn ${standing.turn}.`,
  ].join(" ");
}

function mediaSentence(messages: readonly ChatMessage[]): string | undefined {
  const media = describeMedia(messages);
  return media.length === 0 ? undefined : `Attached: ${media.join("; ")}.`;
}

function quoteResults(results: readonly ToolResult[]): string {
  const quotes = results.map(({ toolName, isError, content }) => {
    const text = content.map((block) => (block.type === "text" ? (block.text ?? "") : `[${block.type}]`)).join("\n");
    return `${toolName ?? "A tool"} ${isError ? "failed with" : "answered"}: "${shortened(text)}"`;
  });
  return quotes.length === 0 ? "The script has no further step." : quotes.join("\n");
}

const quotedCharacters = 2000;

function shortened(text: string): string {
  if (text.length <= quotedCharacters) return text;
  return `${Array.from(text.slice(0, quotedCharacters)).slice(0, -1).join("")}… (${text.length} characters)`;
}

interface Obeyed {
  readonly content: readonly AnswerBlock[];
  readonly stopped: { readonly reason: StopReason; readonly sequence: string | undefined } | undefined;
}

/** `[[demo obey]]`: the first text block ends where the request's stop sequence or token limit says. */
function obeyed(step: Step | undefined, request: MessagesRequest, content: readonly AnswerBlock[]): Obeyed {
  const at = content.findIndex((block) => block.type === "text");
  const block = content[at];
  if (step?.obey !== true || block?.type !== "text") return { content, stopped: undefined };
  const text = block.pieces.join("");
  const limit = Array.from(text.slice(0, request.max_tokens * 4)).join("").length;
  const sequences = request.stop_sequences ?? [];
  const hits = sequences
    .map((sequence) => ({ sequence, index: text.indexOf(sequence) }))
    .filter(({ index }) => index !== -1 && index <= limit)
    .toSorted((a, b) => a.index - b.index);
  const hit = hits[0];
  if (hit === undefined && limit >= text.length) return { content, stopped: undefined };
  const cut = textBlock(text.slice(0, hit?.index ?? limit));
  return {
    content: [...content.slice(0, at), cut],
    stopped: { reason: hit === undefined ? "max_tokens" : "stop_sequence", sequence: hit?.sequence },
  };
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
