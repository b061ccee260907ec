import { GatewayError } from "./errors.ts";
import type { AgentActEvent, FinishEvent, ModelEvent, StartEvent } from "./events.ts";
import type { ReasoningPart, TextPart } from "./request.ts";

/** A whole answer: what a stream that ended in `finish` adds up to. */
export interface ModelResponse {
  readonly responseId: string;
  readonly model: string;
  readonly content: readonly ResponsePart[];
  readonly finish: FinishEvent;
}

/** Citations are kept beside their text; a tool call keeps its input as the JSON text the model wrote. */
export type ResponsePart =
  | (TextPart & { readonly citations: readonly unknown[]; readonly refuses?: true })
  | ReasoningPart
  | {
      readonly type: "tool-call";
      readonly callId: string;
      readonly toolName: string;
      readonly inputJson: string;
      readonly executedBy: "client" | "backend";
    }
  | { readonly type: "tool-result"; readonly callId: string; readonly content: unknown; readonly isError: boolean }
  | AgentActEvent
  /** Where a model call of the turn began; what follows is a new paragraph, not a continued sentence. */
  | { readonly type: "step-start" };

/** An answer that is still coming. */
export interface Collecting {
  start: StartEvent | undefined;
  finish: FinishEvent | undefined;
  readonly content: ResponsePart[];
}

export function startCollecting(): Collecting {
  return { start: undefined, finish: undefined, content: [] };
}

/** Characters, as what is answered in one piece may have bytes; all of them are held in memory. */
const mostCharacters = 64 * 1024 * 1024;

/**
 * Adds a stream up. Throws the stream's own error, `upstream` if it ends without a terminal, and `answer-too-large`.
 */
export async function collect(batches: AsyncIterable<readonly ModelEvent[]>): Promise<ModelResponse> {
  const collecting = startCollecting();
  let length = 0;
  for await (const batch of batches)
    for (const event of batch) {
      add(collecting, event);
      length += lengthOf(event);
      if (length > mostCharacters) throw tooLarge();
    }
  const { start, finish, content } = collecting;
  if (start === undefined || finish === undefined)
    throw new GatewayError("upstream", "The answer ended before it was complete.");
  return { responseId: start.responseId, model: start.model, content, finish };
}

/** Of what the model may go on saying for ever. */
function lengthOf(event: ModelEvent): number {
  if (event.type === "text-delta" || event.type === "reasoning-delta") return event.text.length;
  return event.type === "tool-input-delta" ? event.delta.length : 0;
}

function tooLarge(): GatewayError {
  const most = `${mostCharacters / (1024 * 1024)} MB`;
  return new GatewayError("answer-too-large", `The answer is longer than the ${most} that are held for one.`, {
    hint: "Ask for less at once, or have it streamed.",
  });
}

/** Throws the error of an `error` event. */
export function add(to: Collecting, event: ModelEvent): void {
  switch (event.type) {
    case "start":
      to.start = event;
      return;
    case "finish":
      to.finish = event;
      return;
    case "error":
      throw event.error;
    case "step-start":
    case "agent-act":
      to.content.push(event);
      return;
    case "text-start":
      to.content.push({ type: "text", text: "", citations: [], ...(event.refuses && { refuses: true }) });
      return;
    case "reasoning-start":
      to.content.push({
        type: "reasoning",
        text: "",
        ...(event.redactedData !== undefined && { redactedData: event.redactedData }),
      });
      return;
    case "tool-input-start":
      to.content.push({
        type: "tool-call",
        callId: event.id,
        toolName: event.toolName,
        inputJson: "",
        executedBy: event.executedBy,
      });
      return;
    case "tool-result":
      to.content.push({ type: "tool-result", callId: event.id, content: event.content, isError: event.isError });
      return;
    default:
      extendLast(to.content, event);
  }
}

/** Blocks never overlap, so a delta always belongs to the last part. */
function extendLast(content: ResponsePart[], event: ModelEvent): void {
  const last = content.pop();
  if (last !== undefined) content.push(extended(last, event));
}

function extended(part: ResponsePart, event: ModelEvent): ResponsePart {
  if (part.type === "text") {
    if (event.type === "text-delta") return { ...part, text: part.text + event.text };
    if (event.type === "text-citation") return { ...part, citations: [...part.citations, event.citation] };
  }
  if (part.type === "reasoning") {
    if (event.type === "reasoning-delta") return { ...part, text: part.text + event.text };
    if (event.type === "reasoning-end" && event.signature !== undefined) return { ...part, signature: event.signature };
  }
  if (part.type === "tool-call" && event.type === "tool-input-delta")
    return { ...part, inputJson: part.inputJson + event.delta };
  return part;
}
