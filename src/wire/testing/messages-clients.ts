/** What the official clients of Anthropic messages understand of an answer: five readers, one result. */
import { createAnthropic } from "@ai-sdk/anthropic";
import Anthropic from "@anthropic-ai/sdk";

import type { Block, Turn } from "./event-sequences.ts";

export type ReadBlock =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
  | { readonly type: "redacted_thinking"; readonly data: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: unknown }
  /** A block the SDK does not know, as it passes it on. */
  | { readonly type: "other"; readonly block: object };

export interface ReadMessage {
  readonly content: readonly ReadBlock[];
  readonly stopReason: string | null | undefined;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly cacheReadTokens: number | null | undefined;
}

export type MessagesClient = (fetch: typeof globalThis.fetch) => Promise<ReadMessage>;

const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hi" }] }];
const request = { model: "any", max_tokens: 100, messages: [{ role: "user" as const, content: "hi" }] };

function anthropic(fetch: typeof globalThis.fetch): Anthropic {
  return new Anthropic({ apiKey: "key", baseURL: "http://127.0.0.1", maxRetries: 0, fetch });
}

export const anthropicRaw: MessagesClient = async (fetch) => {
  const stream = await anthropic(fetch).messages.create({ ...request, stream: true });
  const content: ReadBlock[] = [];
  let json = "";
  let end: Omit<ReadMessage, "content"> | undefined;
  let stopped = false;
  for await (const event of stream) {
    if (stopped) throw new Error(`${event.type} after message_stop`);
    if (event.type === "content_block_start") {
      if (event.index !== content.length) throw new Error(`block ${event.index} after ${content.length} blocks`);
      json = "";
      content.push(readBlock(event.content_block));
    } else if (event.type === "content_block_delta") {
      const block = content[event.index];
      if (block === undefined || event.index !== content.length - 1) throw new Error("delta of no open block");
      if (event.delta.type === "input_json_delta") json += event.delta.partial_json;
      content[event.index] = withDelta(block, event.delta, json);
    } else if (event.type === "message_delta") {
      end = { stopReason: event.delta.stop_reason, ...tokensOf(event.usage) };
    } else if (event.type === "message_stop") {
      stopped = true;
    }
  }
  if (end === undefined || !stopped) throw new Error("the stream had no end");
  return { content, ...end };
};

export const anthropicHelper: MessagesClient = async (fetch) =>
  readMessage(await anthropic(fetch).messages.stream(request).finalMessage());

/** Reads an answer that is not streamed. */
export const anthropicWhole: MessagesClient = async (fetch) =>
  readMessage(await anthropic(fetch).messages.create(request));

function readMessage(message: Anthropic.Message): ReadMessage {
  return { content: message.content.map(readBlock), stopReason: message.stop_reason, ...tokensOf(message.usage) };
}

/** The AI SDK joins what it can: texts as they come, reasoning without signatures, calls as JSON. */
export const aiSdkAnthropic: MessagesClient = async (fetch) => {
  const { stream } = await aiSdkModel(fetch).doStream({ prompt });
  const texts = new Map<string, string>();
  const blocks: (ReadBlock | { readonly textId: string })[] = [];
  let end: Omit<ReadMessage, "content"> | undefined;
  for await (const part of stream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-start" || part.type === "reasoning-start") blocks.push({ textId: part.type + part.id });
    if (part.type === "text-delta") append(texts, `text-start${part.id}`, part.delta);
    if (part.type === "reasoning-delta") append(texts, `reasoning-start${part.id}`, part.delta);
    if (part.type === "tool-call")
      blocks.push({ type: "tool_use", id: part.toolCallId, name: part.toolName, input: parseInput(part.input) });
    if (part.type === "finish")
      end = {
        stopReason: part.finishReason.raw,
        inputTokens: part.usage.inputTokens.noCache,
        outputTokens: part.usage.outputTokens.total,
        cacheReadTokens: part.usage.inputTokens.cacheRead,
      };
  }
  if (end === undefined) throw new Error("the AI SDK saw no end");
  const content = blocks.map((block): ReadBlock => {
    if (!("textId" in block)) return block;
    const text = texts.get(block.textId) ?? "";
    return block.textId.startsWith("text")
      ? { type: "text", text }
      : { type: "thinking", thinking: text, signature: "" };
  });
  return { content, ...end };
};

/** Reads an answer that is not streamed. */
export const aiSdkAnthropicWhole: MessagesClient = async (fetch) => {
  const { content, finishReason, usage } = await aiSdkModel(fetch).doGenerate({ prompt });
  return {
    content: content.flatMap((part): ReadBlock[] => {
      if (part.type === "text") return [{ type: "text", text: part.text }];
      if (part.type === "reasoning") return [{ type: "thinking", thinking: part.text, signature: "" }];
      if (part.type !== "tool-call") return [];
      return [{ type: "tool_use", id: part.toolCallId, name: part.toolName, input: parseInput(part.input) }];
    }),
    stopReason: finishReason.raw,
    inputTokens: usage.inputTokens.noCache,
    outputTokens: usage.outputTokens.total,
    cacheReadTokens: usage.inputTokens.cacheRead,
  };
};

function aiSdkModel(fetch: typeof globalThis.fetch) {
  return createAnthropic({ apiKey: "key", baseURL: "http://127.0.0.1/v1", fetch }).languageModel("any");
}

function append(texts: Map<string, string>, id: string, delta: string): void {
  texts.set(id, (texts.get(id) ?? "") + delta);
}

function readBlock(block: Anthropic.ContentBlock): ReadBlock {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text };
    case "thinking":
      return { type: "thinking", thinking: block.thinking, signature: block.signature };
    case "redacted_thinking":
      return { type: "redacted_thinking", data: block.data };
    case "tool_use":
      return { type: "tool_use", id: block.id, name: block.name, input: block.input };
    default:
      return { type: "other", block };
  }
}

function withDelta(block: ReadBlock, delta: Anthropic.RawContentBlockDelta, json: string): ReadBlock {
  if (block.type === "text" && delta.type === "text_delta") return { ...block, text: block.text + delta.text };
  if (block.type === "text" && delta.type === "citations_delta") return block;
  if (block.type === "thinking" && delta.type === "thinking_delta")
    return { ...block, thinking: block.thinking + delta.thinking };
  if (block.type === "thinking" && delta.type === "signature_delta") return { ...block, signature: delta.signature };
  if (block.type === "tool_use" && delta.type === "input_json_delta") return { ...block, input: parseInput(json) };
  throw new Error(`${delta.type} in a ${block.type} block`);
}

function parseInput(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}

function tokensOf(usage: {
  input_tokens: number | null;
  output_tokens: number;
  cache_read_input_tokens: number | null;
}): Pick<ReadMessage, "inputTokens" | "outputTokens" | "cacheReadTokens"> {
  return {
    inputTokens: usage.input_tokens ?? undefined,
    outputTokens: usage.output_tokens,
    cacheReadTokens: usage.cache_read_input_tokens,
  };
}

/** What the SDK's readers must read from the stream of this turn. */
export function messageReadingOf(turn: Turn): ReadMessage {
  const content = turn.steps.flatMap((step, stepIndex) =>
    step.flatMap((block, index) => expectedBlocks(block, `b${stepIndex}.${index}`)),
  );
  const { reason, stopSequence, usage } = turn.finish;
  const ended = stopSequence === undefined ? "end_turn" : "stop_sequence";
  const stopped = content.some((block) => block.type === "tool_use") ? "tool_use" : ended;
  return {
    content,
    stopReason: reason === "length" ? "max_tokens" : reason === "content-filter" ? "refusal" : stopped,
    inputTokens: usage.inputTokens - usage.cacheReadInputTokens - usage.cacheWriteInputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: usage.cacheReadInputTokens,
  };
}

/** The same for the AI SDK, which gives encrypted thinking as an empty one and no signatures. */
export function aiSdkReadingOf(turn: Turn): ReadMessage {
  const reading = messageReadingOf(turn);
  const content = reading.content.map((block): ReadBlock => {
    if (block.type === "thinking") return { ...block, signature: "" };
    return block.type === "redacted_thinking" ? { type: "thinking", thinking: "", signature: "" } : block;
  });
  return { ...reading, content };
}

function expectedBlocks(block: Block, id: string): ReadBlock[] {
  const whole = block.deltas.join("");
  if (block.type === "text") return whole === "" && block.citations.length === 0 ? [] : [{ type: "text", text: whole }];
  if (block.type === "tool")
    return block.executedBy === "client"
      ? [{ type: "tool_use", id, name: block.toolName, input: JSON.parse(whole || "{}") }]
      : [];
  return block.redactedData === undefined
    ? [{ type: "thinking", thinking: whole, signature: block.signature ?? "" }]
    : [{ type: "redacted_thinking", data: block.redactedData }];
}
