/** What the official clients of OpenAI chat completions understand of an answer: five readers, one result. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import OpenAI from "openai";

import type { ReadChat } from "./chat-readings.ts";

export type ChatClient = (fetch: typeof globalThis.fetch) => Promise<ReadChat>;

const request = { model: "any", messages: [{ role: "user" as const, content: "hi" }] };
const streamed = { ...request, stream_options: { include_usage: true } };
const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hi" }] }];

function openai(fetch: typeof globalThis.fetch): OpenAI {
  return new OpenAI({ apiKey: "key", baseURL: "http://127.0.0.1/v1", maxRetries: 0, fetch });
}

export const openaiRaw: ChatClient = async (fetch) => {
  const stream = await openai(fetch).chat.completions.create({ ...streamed, stream: true });
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const usage = chunks.findLast((chunk) => chunk.usage)?.usage;
  return {
    text: choices.map((choice) => choice.delta.content ?? "").join(""),
    refusal: choices.map((choice) => choice.delta.refusal ?? "").join(""),
    toolCalls: joinToolCalls(choices.flatMap((choice) => choice.delta.tool_calls ?? [])),
    finishReason: choices.findLast((choice) => choice.finish_reason)?.finish_reason ?? undefined,
    promptTokens: usage?.prompt_tokens,
    completionTokens: usage?.completion_tokens,
  };
};

function joinToolCalls(deltas: readonly OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall[]): ReadChat["toolCalls"] {
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const { index, id, function: called } of deltas) {
    const call = (calls[index] ??= { id: id ?? "", name: called?.name ?? "", arguments: "" });
    call.arguments += called?.arguments ?? "";
  }
  return calls;
}

export const openaiHelper: ChatClient = async (fetch) =>
  readCompletion(await openai(fetch).chat.completions.stream(streamed).finalChatCompletion());

/** Reads an answer that is not streamed. */
export const openaiWhole: ChatClient = async (fetch) =>
  readCompletion(await openai(fetch).chat.completions.create(request));

function readCompletion(completion: OpenAI.ChatCompletion): ReadChat {
  const [choice] = completion.choices;
  return {
    text: choice?.message.content ?? "",
    refusal: choice?.message.refusal ?? "",
    toolCalls: (choice?.message.tool_calls ?? []).flatMap((call) =>
      call.type === "function" ? [{ id: call.id, name: call.function.name, arguments: call.function.arguments }] : [],
    ),
    finishReason: choice?.finish_reason,
    promptTokens: completion.usage?.prompt_tokens,
    completionTokens: completion.usage?.completion_tokens,
  };
}

export const aiSdkCompatible: ChatClient = async (fetch) => {
  const { stream } = await aiSdkModel(fetch).doStream({ prompt });
  const read = { text: "", reasoning: "", toolCalls: [] as { id: string; name: string; arguments: string }[] };
  let end: Pick<ReadChat, "finishReason" | "promptTokens" | "completionTokens"> | undefined;
  for await (const part of stream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-delta") read.text += part.delta;
    if (part.type === "reasoning-delta") read.reasoning += part.delta;
    if (part.type === "tool-call")
      read.toolCalls.push({ id: part.toolCallId, name: part.toolName, arguments: part.input });
    if (part.type === "finish")
      end = {
        finishReason: part.finishReason.raw,
        promptTokens: part.usage.inputTokens.total,
        completionTokens: part.usage.outputTokens.total,
      };
  }
  if (end === undefined) throw new Error("the AI SDK saw no end");
  return { ...read, ...end };
};

/** Reads an answer that is not streamed. */
export const aiSdkCompatibleWhole: ChatClient = async (fetch) => {
  const { content, finishReason, usage } = await aiSdkModel(fetch).doGenerate({ prompt });
  const textOf = (type: "text" | "reasoning") =>
    content.map((part) => (part.type === type && "text" in part ? part.text : "")).join("");
  return {
    text: textOf("text"),
    reasoning: textOf("reasoning"),
    toolCalls: content.flatMap((part) =>
      part.type === "tool-call" ? [{ id: part.toolCallId, name: part.toolName, arguments: part.input }] : [],
    ),
    finishReason: finishReason.raw,
    promptTokens: usage.inputTokens.total,
    completionTokens: usage.outputTokens.total,
  };
};

function aiSdkModel(fetch: typeof globalThis.fetch) {
  const options = { name: "test", baseURL: "http://127.0.0.1/v1", fetch, includeUsage: true };
  return createOpenAICompatible(options).chatModel("any");
}
