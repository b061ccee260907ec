/** The clients people use, each pointed at a proxy. */
import { type AnthropicProvider, createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import type { LanguageModel } from "ai";
import OpenAI from "openai";

import type { Mode } from "#core/backend.ts";

export interface ClientOptions {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly mode?: Mode;
  readonly apiKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a proxy is reached: for clients that are not made here. */
export interface Access {
  readonly url: string;
  readonly apiKey: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
}

export interface Clients {
  readonly access: Access;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  /** Models of the Vercel AI SDK. */
  readonly openaiModel: (id: string) => LanguageModel;
  readonly responsesModel: (id: string) => LanguageModel;
  readonly anthropicModel: AnthropicProvider;
  /** Any body as JSON. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  get(path: string, init?: RequestInit): Promise<Response>;
}

/** None of them tries again by itself: one call is one request. */
export function createClients({ url, fetch, mode, apiKey = "any", headers = {} }: ClientOptions): Clients {
  const own = { ...(mode !== undefined && { "x-ccproxy-mode": mode }), ...headers };
  const send = (path: string, init: RequestInit): Promise<Response> =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${apiKey}`, ...own, ...Object.fromEntries(new Headers(init.headers)) },
    });
  return {
    access: { url, apiKey, headers: own, fetch },
    openai: new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0, defaultHeaders: own, fetch }),
    anthropic: new Anthropic({ baseURL: url, apiKey, maxRetries: 0, defaultHeaders: own, fetch }),
    openaiModel: createOpenAICompatible({
      name: "ccproxy",
      baseURL: `${url}/v1`,
      apiKey,
      headers: own,
      includeUsage: true,
      fetch,
    }),
    responsesModel: createOpenAI({ baseURL: `${url}/v1`, apiKey, headers: own, fetch }),
    anthropicModel: createAnthropic({ baseURL: `${url}/v1`, apiKey, headers: own, fetch }),
    post: (path, body, init = {}) => send(path, { ...init, method: "POST", body: JSON.stringify(body) }),
    get: (path, init = {}) => send(path, { ...init, method: "GET" }),
  };
}

/** What it fails with. The clients' own promises are not native ones, which `rejects` needs. */
export async function failureOf(call: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("The call did not fail.");
}
