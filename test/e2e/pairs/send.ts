/** Any body through an official SDK, as it is. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import type { WireFormatId } from "#core/request.ts";

import type { ProviderBench } from "../support/provider-bench.ts";
import { type BackendName, backends } from "./backends.ts";
import { chatMode } from "./talk.ts";

export interface Sent {
  readonly status: number | undefined;
  readonly headers: Headers;
  readonly text: string;
}

export interface Client {
  readonly bench: ProviderBench;
  readonly backend: BackendName;
  readonly format: WireFormatId;
}

const paths: Readonly<Record<WireFormatId, string>> = {
  "anthropic-messages": "/v1/messages",
  "openai-chat": "/chat/completions",
  "openai-responses": "/responses",
};

/** To the model of the table. What it is refused with is an error of the SDK. */
export async function send(
  client: Client,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const { bench, backend, format } = client;
  const { at, model } = backends[backend];
  const { anthropic, openai } = bench.clients(at, { ...chatMode, ...headers });
  const sdk = format === "anthropic-messages" ? anthropic : openai;
  try {
    const response = await sdk.post(paths[format], { body: { model, ...body } }).asResponse();
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    if (!(error instanceof Anthropic.APIError || error instanceof OpenAI.APIError)) throw error;
    return { status: error.status, headers: new Headers(error.headers), text: error.message };
  }
}

export const ignoredIn = ({ headers }: Sent): readonly string[] =>
  headers.get("x-ccproxy-ignored-params")?.split(", ").map(decodeURIComponent).toSorted() ?? [];
