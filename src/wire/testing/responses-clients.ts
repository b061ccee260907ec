/** What the official clients of OpenAI Responses understand of an answer: five readers, one result. */
import { createOpenAI } from "@ai-sdk/openai";
import OpenAI from "openai";

import type { ReadResponse } from "./responses-readings.ts";

export type ResponsesClient = (fetch: typeof globalThis.fetch) => Promise<ReadResponse>;

const request = { model: "any", input: "hi" };
const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hi" }] }];

function openai(fetch: typeof globalThis.fetch): OpenAI {
  return new OpenAI({ apiKey: "key", baseURL: "http://127.0.0.1/v1", maxRetries: 0, fetch });
}

/** Adds the events up by itself, and holds the end against it. */
export const openaiEvents: ResponsesClient = async (fetch) => {
  const texts = new Map<string, string>();
  let end: OpenAI.Responses.Response | undefined;
  let number = 0;
  for await (const event of await openai(fetch).responses.create({ ...request, stream: true })) {
    if (event.sequence_number !== number) throw new Error(`event ${number} has the number ${event.sequence_number}`);
    number += 1;
    if ("delta" in event && "item_id" in event && typeof event.delta === "string")
      texts.set(event.item_id, (texts.get(event.item_id) ?? "") + event.delta);
    if ("response" in event) end = event.response;
  }
  if (end === undefined) throw new Error("there was no event with a response");
  const read = readResponse(end);
  const said = end.output.map((item) => (item.id === undefined ? undefined : (texts.get(item.id) ?? ""))).join("|");
  const whole = end.output.map(wholeOf).join("|");
  if (said !== whole) throw new Error(`the deltas say ${said}, the end ${whole}`);
  return read;
};

function wholeOf(item: OpenAI.Responses.ResponseOutputItem): string {
  if (item.type === "message")
    return item.content.map((part) => (part.type === "refusal" ? part.refusal : part.text)).join("");
  if (item.type === "reasoning") return item.summary.map(({ text }) => text).join("");
  return item.type === "function_call" ? item.arguments : "";
}

export const openaiStream: ResponsesClient = async (fetch) =>
  readResponse(await openai(fetch).responses.stream(request).finalResponse());

/** Reads an answer that is not streamed. */
export const openaiCreate: ResponsesClient = async (fetch) =>
  readResponse(await openai(fetch).responses.create(request));

function readResponse({ output, status, usage }: OpenAI.Responses.Response): ReadResponse {
  const refusals = output.flatMap((item) =>
    item.type === "message" ? item.content.flatMap((part) => (part.type === "refusal" ? [part.refusal] : [])) : [],
  );
  const texts = output.flatMap((item) =>
    item.type === "message" ? item.content.flatMap((part) => (part.type === "output_text" ? [part.text] : [])) : [],
  );
  if (refusals.length > 0 && texts.length > 0) throw new Error("an answer is a text or a refusal");
  return {
    text: texts.join(""),
    reasoning: output
      .flatMap((item) => (item.type === "reasoning" ? item.summary.map(({ text }) => text) : []))
      .join(""),
    toolCalls: output.flatMap((item) =>
      item.type === "function_call" ? [{ id: item.call_id, name: item.name, arguments: item.arguments }] : [],
    ),
    status: status ?? "",
    inputTokens: usage?.input_tokens,
    outputTokens: usage?.output_tokens,
  };
}

export const aiSdkOpenai: ResponsesClient = async (fetch) => {
  const { stream } = await aiSdkModel(fetch).doStream({ prompt });
  const read = { text: "", reasoning: "", toolCalls: [] as { id: string; name: string; arguments: string }[] };
  let end: Pick<ReadResponse, "status" | "inputTokens" | "outputTokens"> | undefined;
  for await (const part of stream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-delta") read.text += part.delta;
    if (part.type === "reasoning-delta") read.reasoning += part.delta;
    if (part.type === "tool-call")
      read.toolCalls.push({ id: part.toolCallId, name: part.toolName, arguments: part.input });
    if (part.type === "finish") end = endOf(part);
  }
  if (end === undefined) throw new Error("the AI SDK saw no end");
  return { ...read, ...end };
};

/** Reads an answer that is not streamed. */
export const aiSdkOpenaiWhole: ResponsesClient = async (fetch) => {
  const { content, ...end } = await aiSdkModel(fetch).doGenerate({ prompt });
  const textOf = (type: "text" | "reasoning") =>
    content.map((part) => (part.type === type && "text" in part ? part.text : "")).join("");
  return {
    text: textOf("text"),
    reasoning: textOf("reasoning"),
    toolCalls: content.flatMap((part) =>
      part.type === "tool-call" ? [{ id: part.toolCallId, name: part.toolName, arguments: part.input }] : [],
    ),
    ...endOf(end),
  };
};

interface AiSdkEnd {
  readonly finishReason: { readonly unified: string };
  readonly usage: {
    readonly inputTokens: { readonly total: number | undefined };
    readonly outputTokens: { readonly total: number | undefined };
  };
}

function endOf({ finishReason, usage }: AiSdkEnd) {
  const cut = finishReason.unified === "length" || finishReason.unified === "content-filter";
  return {
    status: cut ? "incomplete" : "completed",
    inputTokens: usage.inputTokens.total,
    outputTokens: usage.outputTokens.total,
  };
}

function aiSdkModel(fetch: typeof globalThis.fetch) {
  return createOpenAI({ apiKey: "key", baseURL: "http://127.0.0.1/v1", fetch }).responses("any");
}
