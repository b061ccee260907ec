/** One question in every way a client can put it, and what the official SDKs make of the answer. */
import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";

import { createClients } from "./clients.ts";

export type WireFormat = "openai-chat" | "anthropic-messages";

export interface Way {
  readonly wireFormat: WireFormat;
  readonly streaming: boolean;
}

export const ways: readonly Way[] = [
  { wireFormat: "openai-chat", streaming: true },
  { wireFormat: "openai-chat", streaming: false },
  { wireFormat: "anthropic-messages", streaming: true },
  { wireFormat: "anthropic-messages", streaming: false },
];

export interface Told {
  readonly way: Way;
  readonly requestId: string;
  readonly status: number;
  readonly headers: Headers;
  /** The body as it came. */
  readonly raw: string;
  /** All text the SDK gave out, also before it threw. */
  readonly text: string;
  /** What the SDK threw; undefined when it took the answer for whole. */
  readonly error: unknown;
}

export interface Question {
  readonly url: string;
  readonly content?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function ask(way: Way, { url, content = "hi", headers = {} }: Question): Promise<Told> {
  const requestId = `ask-${crypto.randomUUID()}`;
  const seen = { status: 0, headers: new Headers(), raw: Promise.resolve("") };
  const send = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, init);
    const [mine, theirs] = response.body?.tee() ?? [null, null];
    Object.assign(seen, { status: response.status, headers: response.headers, raw: textOf(mine) });
    return new Response(theirs, { status: response.status, headers: response.headers });
  };
  const clients = createClients({
    url,
    fetch: Object.assign(send, { preconnect: fetch.preconnect }),
    mode: way.wireFormat === "openai-chat" ? "agent" : "chat",
    headers: { ...headers, "x-request-id": requestId },
  });
  const read =
    way.wireFormat === "openai-chat"
      ? readChat(clients.openai, way, content)
      : readMessage(clients.anthropic, way, content);
  const { text, error } = await gather(read);
  return { way, requestId, status: seen.status, headers: seen.headers, raw: await seen.raw, text, error };
}

export async function askAll(question: Question): Promise<readonly Told[]> {
  return await Promise.all(ways.map((way) => ask(way, question)));
}

/** What came of it, also when the connection breaks. */
async function textOf(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of body ?? []) text += decoder.decode(chunk, { stream: true });
  } catch {
    // The reader beside it throws the same, and tells.
  }
  return text;
}

async function gather(pieces: AsyncGenerator<string>): Promise<{ text: string; error: unknown }> {
  let text = "";
  try {
    for await (const piece of pieces) text += piece;
    return { text, error: undefined };
  } catch (error) {
    return { text, error };
  }
}

async function* readChat(openai: OpenAI, { streaming }: Way, content: string): AsyncGenerator<string> {
  const request = { model: "sonnet", messages: [{ role: "user" as const, content }] };
  if (!streaming) {
    const { choices } = await openai.chat.completions.create(request);
    yield choices[0]?.message.content ?? "";
    return;
  }
  for await (const { choices } of await openai.chat.completions.create({ ...request, stream: true }))
    yield choices[0]?.delta.content ?? "";
}

async function* readMessage(anthropic: Anthropic, { streaming }: Way, content: string): AsyncGenerator<string> {
  const request = { model: "sonnet", max_tokens: 1000, messages: [{ role: "user" as const, content }] };
  if (!streaming) {
    const message = await anthropic.messages.create(request);
    for (const block of message.content) if (block.type === "text") yield block.text;
    return;
  }
  for await (const event of await anthropic.messages.create({ ...request, stream: true }))
    if (event.type === "content_block_delta" && event.delta.type === "text_delta") yield event.delta.text;
}

/** What ended the stream: every frame that may be its last, in order. One, and it is the last of all. */
export function terminalsOf({ way, raw }: Told): { readonly all: readonly string[]; readonly last: string } {
  const frames = raw.split("\n\n").filter((frame) => frame !== "");
  const names = frames.map((frame) =>
    way.wireFormat === "openai-chat" ? chatTerminal(frame) : messageTerminal(frame),
  );
  return { all: names.filter((name) => name !== ""), last: names.at(-1) ?? "" };
}

function chatTerminal(frame: string): string {
  if (frame === "data: [DONE]") return "end";
  return frame.startsWith('data: {"error":') ? "error" : "";
}

function messageTerminal(frame: string): string {
  if (frame.startsWith("event: message_stop\n")) return "end";
  return frame.startsWith("event: error\n") ? "error" : "";
}
