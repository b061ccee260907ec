/** A question in every format, streamed and whole, put to a provider of every format, and what came back as it came. */
import type { WireFormatId } from "#core/request.ts";
import { isRecord } from "#lib/is-record.ts";

import type { ProviderBench } from "./provider-bench.ts";

export type Format = WireFormatId;

export interface Way {
  /** What the provider speaks. */
  readonly provider: Format;
  /** What the client speaks; the provider's own: it is passed on as it comes. */
  readonly client: Format;
  readonly stream: boolean;
}

/** Each provider asked in its own format and in another one. */
export const ways: readonly Way[] = (
  [
    ["anthropic-messages", "anthropic-messages"],
    ["anthropic-messages", "openai-responses"],
    ["openai-chat", "openai-chat"],
    ["openai-chat", "anthropic-messages"],
    ["openai-responses", "openai-responses"],
    ["openai-responses", "openai-chat"],
  ] as const
).flatMap(([provider, client]) => [true, false].map((stream) => ({ provider, client, stream })));

export const providerFormats: readonly Format[] = [...new Set(ways.map(({ provider }) => provider))];

export function nameOf({ provider, client, stream }: Way): string {
  return `${client} on ${provider}, ${stream ? "streamed" : "whole"}`;
}

/** As the provider's SDK would take it, below the root of an upstream that speaks every format. */
export function baseUrlOf(format: Format, root: string): string {
  return format === "anthropic-messages" ? root : `${root}/v1`;
}

export function requestOf(format: Format, prompt: string, stream: boolean, model = "claude-haiku-4-5") {
  const messages = [{ role: "user", content: prompt }];
  switch (format) {
    case "anthropic-messages":
      return { path: "/v1/messages", body: { model, max_tokens: 1000, messages, stream } };
    case "openai-chat":
      return { path: "/v1/chat/completions", body: { model, messages, stream } };
    case "openai-responses":
      return { path: "/v1/responses", body: { model, input: prompt, store: false, stream } };
  }
}

export interface Told {
  readonly way: Way;
  readonly requestId: string;
  readonly status: number;
  readonly headers: Headers;
  readonly raw: string;
  /** The connection broke in the middle of the body. */
  readonly broke: boolean;
}

type Words = string | { readonly prompt: string; readonly more: object };

/** Asks `NAME-FORMAT`, a provider of that format; `more`: members of the body. */
export function askWay({ proxy }: Pick<ProviderBench, "proxy">, name: string, way: Way, said: Words): Promise<Told> {
  return askAt(`${proxy.url}/providers/${name}-${way.provider}`, way, said);
}

/** The same below any address. */
export async function askAt(
  url: string,
  way: Way,
  said: Words,
  headers: Readonly<Record<string, string>> = {},
): Promise<Told> {
  const { prompt, more } = typeof said === "string" ? { prompt: said, more: {} } : said;
  const { path, body } = requestOf(way.client, prompt, way.stream);
  const requestId = `way-${crypto.randomUUID()}`;
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { ...headers, "x-request-id": requestId, "content-type": "application/json" },
    body: JSON.stringify({ ...body, ...more }),
  });
  const { raw, broke } = await readAll(response);
  return { way, requestId, status: response.status, headers: response.headers, raw, broke };
}

async function readAll({ body }: Response): Promise<{ raw: string; broke: boolean }> {
  const decoder = new TextDecoder();
  let raw = "";
  try {
    for await (const chunk of body ?? []) raw += decoder.decode(chunk, { stream: true });
    return { raw, broke: false };
  } catch {
    return { raw, broke: true };
  }
}

export interface Reading {
  /** `open`: it is over without a word. */
  readonly ending: "whole" | "failed" | "open";
  readonly text: string;
  /** Of the failure. */
  readonly message: string;
}

/** What its client makes of it, as far as it goes. */
export function readTold({ way: { client: format }, raw, headers }: Pick<Told, "way" | "raw" | "headers">): Reading {
  const isStream = headers.get("content-type")?.includes("text/event-stream") === true;
  const events = isStream ? framesIn(raw) : [parsed(raw)];
  const told = events.map((event) => readEvent(format, event, isStream));
  const last = told.findLast(({ ending }) => ending !== "open");
  return {
    ending: last?.ending ?? "open",
    text: told.map(({ text }) => text).join(""),
    message: last?.message ?? "",
  };
}

function framesIn(raw: string): readonly unknown[] {
  return raw
    .split(/\r?\n\r?\n/)
    .slice(0, -1)
    .flatMap((frame) => {
      const data = frame.split(/\r?\n/).flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trim()] : []));
      return data.length === 0 ? [] : [data[0] === "[DONE]" ? "[DONE]" : parsed(data.join("\n"))];
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unfinished: Reading = { ending: "open", text: "", message: "" };

function readEvent(format: Format, event: unknown, isStream: boolean): Reading {
  if (event === "[DONE]") return { ...unfinished, ending: "whole" };
  if (!isRecord(event)) return unfinished;
  const error = at(event, "error") ?? at(event, "response", "error");
  if (isRecord(error)) return { ...unfinished, ending: "failed", message: String(error["message"]) };
  const text = textIn(format, event, isStream);
  return { ...unfinished, text, ending: isEnd(format, event, isStream) ? "whole" : "open" };
}

function textIn(format: Format, event: Readonly<Record<string, unknown>>, isStream: boolean): string {
  const found = {
    "anthropic-messages": isStream ? at(event, "delta", "text") : at(event, "content", 0, "text"),
    "openai-chat": at(event, "choices", 0, isStream ? "delta" : "message", "content"),
    "openai-responses": isStream
      ? event["type"] === "response.output_text.delta" && event["delta"]
      : at(event, "output", 0, "content", 0, "text"),
  }[format];
  return typeof found === "string" ? found : "";
}

function isEnd(format: Format, event: Readonly<Record<string, unknown>>, isStream: boolean): boolean {
  if (!isStream)
    return {
      "anthropic-messages": event["type"] === "message",
      "openai-chat": event["object"] === "chat.completion",
      "openai-responses": event["status"] === "completed",
    }[format];
  // What comes behind it (`[DONE]`, `message_stop`) says nothing more, and not every server says it.
  const reason = at(event, "choices", 0, "finish_reason") ?? at(event, "delta", "stop_reason");
  return event["type"] === "response.completed" || typeof reason === "string";
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (Array.isArray(found) && typeof key === "number") found = found[key] as unknown;
    else found = isRecord(found) ? found[key] : undefined;
  }
  return found;
}
