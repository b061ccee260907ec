/** One question asked through each client in each of its ways, and the answer in one common form. */
import type Anthropic from "@anthropic-ai/sdk";
import { generateText, type LanguageModel, type LanguageModelUsage, streamText } from "ai";
import type OpenAI from "openai";

import type { Clients } from "./clients.ts";

export interface Question {
  readonly text: string;
  readonly model: string;
}

/** undefined where the client has no way to say it. */
export interface Answer {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly text: string;
  readonly reasoning: string | undefined;
  readonly signature: string | undefined;
  /** In the words of the client. */
  readonly finish: string | null | undefined;
  readonly stopSequence: string | null | undefined;
  readonly usage: AnswerUsage;
}

/** Input without what was cached. */
export interface AnswerUsage {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cacheRead: number | null | undefined;
  readonly cacheWrite: number | null | undefined;
  readonly thinking: number | undefined;
}

export interface Reader {
  readonly name: string;
  readonly format: "openai-chat" | "anthropic-messages";
  readonly streaming: boolean;
  ask(clients: Clients, question: Question): Promise<Answer>;
}

export const readers: readonly Reader[] = [
  { name: "openai, whole", format: "openai-chat", streaming: false, ask: openaiWhole },
  { name: "openai, raw stream", format: "openai-chat", streaming: true, ask: openaiStream },
  { name: "openai, stream helper", format: "openai-chat", streaming: true, ask: openaiHelper },
  { name: "@anthropic-ai/sdk, whole", format: "anthropic-messages", streaming: false, ask: anthropicWhole },
  { name: "@anthropic-ai/sdk, raw stream", format: "anthropic-messages", streaming: true, ask: anthropicStream },
  { name: "@anthropic-ai/sdk, stream helper", format: "anthropic-messages", streaming: true, ask: anthropicHelper },
  {
    name: "@ai-sdk/openai-compatible, generateText",
    format: "openai-chat",
    streaming: false,
    ask: ({ openaiModel }, { text, model }) => aiSdkWhole(openaiModel(model), text),
  },
  {
    name: "@ai-sdk/openai-compatible, streamText",
    format: "openai-chat",
    streaming: true,
    ask: ({ openaiModel }, { text, model }) => aiSdkStream(openaiModel(model), text),
  },
  {
    name: "@ai-sdk/anthropic, generateText",
    format: "anthropic-messages",
    streaming: false,
    ask: ({ anthropicModel }, { text, model }) => aiSdkWhole(anthropicModel(model), text),
  },
  {
    name: "@ai-sdk/anthropic, streamText",
    format: "anthropic-messages",
    streaming: true,
    ask: ({ anthropicModel }, { text, model }) => aiSdkStream(anthropicModel(model), text),
  },
];

// ---- openai

async function openaiWhole({ openai }: Clients, { text, model }: Question): Promise<Answer> {
  return openaiAnswer(await openai.chat.completions.create({ model, messages: [{ role: "user", content: text }] }));
}

async function openaiHelper({ openai }: Clients, { text, model }: Question): Promise<Answer> {
  const stream = openai.chat.completions.stream({
    model,
    messages: [{ role: "user", content: text }],
    stream_options: { include_usage: true },
  });
  // The helper keeps only the last delta of a field it does not know.
  return { ...openaiAnswer(await stream.finalChatCompletion()), reasoning: undefined };
}

async function openaiStream({ openai }: Clients, { text, model }: Question): Promise<Answer> {
  const stream = await openai.chat.completions.create({
    model,
    messages: [{ role: "user", content: text }],
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
  const usage = chunks.findLast((chunk) => chunk.usage)?.usage;
  return {
    id: one(chunks.map(({ id }) => id)),
    model: one(chunks.map((chunk) => chunk.model)),
    text: deltas.map(({ content }) => content ?? "").join(""),
    reasoning: deltas.map(reasoningOf).join(""),
    signature: undefined,
    finish: one(chunks.flatMap(({ choices }) => choices.flatMap((choice) => choice.finish_reason ?? []))),
    stopSequence: undefined,
    usage: openaiUsage(usage ?? undefined),
  };
}

function openaiAnswer(completion: OpenAI.ChatCompletion): Answer {
  const [choice] = completion.choices;
  return {
    id: completion.id,
    model: completion.model,
    text: choice?.message.content ?? "",
    reasoning: choice === undefined ? undefined : reasoningOf(choice.message),
    signature: undefined,
    finish: choice?.finish_reason,
    stopSequence: undefined,
    usage: openaiUsage(completion.usage),
  };
}

/** An extension many clients read; the SDK does not name it, but passes it on. */
function reasoningOf(from: object): string {
  return "reasoning_content" in from ? String(from.reasoning_content) : "";
}

function openaiUsage(usage: OpenAI.CompletionUsage | undefined): AnswerUsage {
  const details = usage?.prompt_tokens_details;
  const cacheRead = details?.cached_tokens;
  const cacheWrite = details?.cache_write_tokens;
  return {
    input: usage && usage.prompt_tokens - (cacheRead ?? 0) - (cacheWrite ?? 0),
    output: usage?.completion_tokens,
    cacheRead,
    cacheWrite,
    thinking: usage?.completion_tokens_details?.reasoning_tokens,
  };
}

// ---- @anthropic-ai/sdk

function anthropicBody({ text, model }: Question): Anthropic.MessageCreateParamsNonStreaming {
  return { model, max_tokens: 4096, messages: [{ role: "user", content: text }] };
}

async function anthropicWhole({ anthropic }: Clients, question: Question): Promise<Answer> {
  return anthropicAnswer(await anthropic.messages.create(anthropicBody(question)));
}

async function anthropicHelper({ anthropic }: Clients, question: Question): Promise<Answer> {
  return anthropicAnswer(await anthropic.messages.stream(anthropicBody(question)).finalMessage());
}

async function anthropicStream({ anthropic }: Clients, question: Question): Promise<Answer> {
  const stream = await anthropic.messages.create({ ...anthropicBody(question), stream: true });
  const read = { text: "", reasoning: "", signature: "" };
  let head: Anthropic.Message | undefined;
  let end: Anthropic.RawMessageDeltaEvent | undefined;
  for await (const event of stream) {
    if (event.type === "message_start") head = event.message;
    if (event.type === "message_delta") end = event;
    if (event.type === "content_block_delta") addDelta(read, event.delta);
  }
  return {
    id: head?.id,
    model: head?.model,
    ...read,
    finish: end?.delta.stop_reason,
    stopSequence: end?.delta.stop_sequence,
    usage: anthropicUsage(end?.usage),
  };
}

function anthropicUsage(usage: Anthropic.Usage | Anthropic.MessageDeltaUsage | undefined): AnswerUsage {
  return {
    input: usage?.input_tokens ?? undefined,
    output: usage?.output_tokens,
    cacheRead: usage?.cache_read_input_tokens,
    cacheWrite: usage?.cache_creation_input_tokens,
    thinking: usage?.output_tokens_details?.thinking_tokens,
  };
}

function addDelta(
  read: { text: string; reasoning: string; signature: string },
  delta: Anthropic.RawContentBlockDelta,
): void {
  if (delta.type === "text_delta") read.text += delta.text;
  if (delta.type === "thinking_delta") read.reasoning += delta.thinking;
  if (delta.type === "signature_delta") read.signature += delta.signature;
}

function anthropicAnswer({ id, model, content, stop_reason, stop_sequence, usage }: Anthropic.Message): Answer {
  const thinking = content.flatMap((block) => (block.type === "thinking" ? [block] : []));
  return {
    id,
    model,
    text: content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    reasoning: thinking.map((block) => block.thinking).join(""),
    signature: thinking.map((block) => block.signature).join(""),
    finish: stop_reason,
    stopSequence: stop_sequence,
    usage: anthropicUsage(usage),
  };
}

// ---- Vercel AI SDK

async function aiSdkWhole(model: LanguageModel, prompt: string): Promise<Answer> {
  const { response, text, reasoningText, rawFinishReason, usage } = await generateText({
    model,
    prompt,
    maxRetries: 0,
  });
  return aiSdkAnswer({ response, text, reasoningText, rawFinishReason, usage });
}

async function aiSdkStream(model: LanguageModel, prompt: string): Promise<Answer> {
  const failures: unknown[] = [];
  const result = streamText({ model, prompt, maxRetries: 0, onError: ({ error }) => void failures.push(error) });
  await result.consumeStream();
  if (failures.length > 0) throw failures[0];
  return aiSdkAnswer({
    response: await result.response,
    text: await result.text,
    reasoningText: await result.reasoningText,
    rawFinishReason: await result.rawFinishReason,
    usage: await result.usage,
  });
}

interface AiSdkResult {
  readonly response: { readonly id: string; readonly modelId: string };
  readonly text: string;
  readonly reasoningText: string | undefined;
  readonly rawFinishReason: string | undefined;
  readonly usage: LanguageModelUsage;
}

function aiSdkAnswer({ response, text, reasoningText, rawFinishReason, usage }: AiSdkResult): Answer {
  const { inputTokens, outputTokens, inputTokenDetails, outputTokenDetails } = usage;
  const { cacheReadTokens = 0, cacheWriteTokens } = inputTokenDetails;
  return {
    id: response.id,
    model: response.modelId,
    text,
    reasoning: reasoningText ?? "",
    signature: undefined,
    finish: rawFinishReason,
    stopSequence: undefined,
    usage: {
      input: inputTokens === undefined ? undefined : inputTokens - cacheReadTokens - (cacheWriteTokens ?? 0),
      output: outputTokens,
      cacheRead: cacheReadTokens,
      cacheWrite: cacheWriteTokens,
      thinking: outputTokenDetails.reasoningTokens,
    },
  };
}

/** The one value of a list that should hold no other. */
function one<T>(values: readonly T[]): T | undefined {
  const different = new Set(values);
  if (different.size > 1) throw new Error(`Expected one value, got ${JSON.stringify([...different])}.`);
  return values[0];
}
