/** A proxy before providers that speak the client's own format, and what a client says to each in words of its own. */
import { fingerprintOf } from "#demo/credential.ts";

import { type ByteUpstream, startByteUpstream } from "./byte-upstream.ts";
import { openProviderBench, type ProviderBench } from "./provider-bench.ts";
import type { Format } from "./provider-ways.ts";

export const accessToken = "sesame-access-token-of-the-client";
export const aliceToken = "sesame-of-alice-alone";
export const keys = {
  KEY_ANTHROPIC: "sk-ant-api03-upstream-secret-one",
  KEY_OPENAI: "sk-proj-upstream-secret-number-two",
};

export interface Answered {
  readonly requestId: string;
  readonly response: Response;
  readonly text: string;
}

export interface RelayBench extends ProviderBench {
  /** The provider `bytes`, in every format. */
  readonly bytes: ByteUpstream;
  send(
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answered>;
  /** The same request put to the upstream itself. */
  sendDirectly(speech: Speech, body: string): Promise<{ readonly response: Response; readonly text: string }>;
  /** What clients were told of failures. */
  readonly errors: readonly string[];
}

export async function openRelayBench(): Promise<RelayBench> {
  const bytes = startByteUpstream();
  const bench = await openProviderBench({
    env: keys,
    config: (demo) => ({
      server: { auth_token: accessToken, tokens: { alice: aliceToken } },
      routing: {
        default: "anthropic",
        rules: {
          alices: { token: "alice", path: "/v1/chat", backend: "openai", to_model: "gpt-of-alice" },
          renamed: { headers: { "x-team": "blue" }, to_model: "claude-haiku-4-5" },
          read: { headers: { "x-team": "translated" }, relay: "never" },
          passed: { headers: { "x-team": "passed" }, relay: "always" },
        },
      },
      aliases: { terse: { model: "claude-haiku-5-5", system_prompt: "Be terse." } },
      prices: { "gpt-priced": { input: 2, output: 10, cache_read: 1 } },
      providers: {
        anthropic: {
          base_url: demo,
          allow_private: true,
          max_retries: 0,
          credentials: { main: { env: "KEY_ANTHROPIC" } },
          headers: { "x-from-configuration": "yes" },
        },
        openai: {
          endpoints: { "openai-chat": `${demo}/v1`, "openai-responses": `${demo}/v1` },
          allow_private: true,
          max_retries: 0,
          credentials: { main: { env: "KEY_OPENAI" } },
          default_model: "gpt-priced",
        },
        counted: {
          endpoints: { "openai-chat": `${demo}/v1` },
          allow_private: true,
          ask_for_usage: true,
          credentials: { main: { env: "KEY_OPENAI" } },
        },
        bytes: {
          endpoints: {
            "anthropic-messages": bytes.url,
            "openai-chat": `${bytes.url}/v1`,
            "openai-responses": `${bytes.url}/v1`,
          },
          allow_private: true,
          max_retries: 0,
        },
      },
    }),
  });
  const errors: string[] = [];
  return {
    ...bench,
    bytes,
    errors,
    async send(path, body, headers = {}) {
      const requestId = `relay-${crypto.randomUUID()}`;
      const response = await fetch(`${bench.proxy.url}${path}`, {
        method: "POST",
        body,
        headers: {
          authorization: `Bearer ${accessToken}`,
          "content-type": "application/json",
          ...headers,
          "x-request-id": requestId,
        },
      });
      const text = await response.text();
      if (!response.ok) errors.push(text, JSON.stringify([...response.headers]));
      return { requestId, response, text };
    },
    async sendDirectly({ provider, path, credential: [name], headers }, body) {
      const secret = provider === "anthropic" ? keys.KEY_ANTHROPIC : keys.KEY_OPENAI;
      const response = await fetch(`${bench.demo.url}${path}`, {
        method: "POST",
        body,
        headers: {
          ...headers,
          "content-type": "application/json",
          [name]: name === "authorization" ? `Bearer ${secret}` : secret,
        },
      });
      return { response, text: await response.text() };
    },
    async [Symbol.asyncDispose]() {
      await bench[Symbol.asyncDispose]();
      bytes.stop();
    },
  };
}

export interface Speech {
  readonly format: Format;
  readonly provider: "anthropic" | "openai";
  readonly path: string;
  /** Headers a client of the format sends, with its way to present the access token. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON in a manner of its own: fields nobody knows, a member twice, spaces, escapes. */
  readonly body: (prompt: string, stream: boolean) => string;
  /** Header in which the provider wants its key, and the key. */
  readonly credential: readonly [string, string];
  readonly usage: Readonly<Record<string, number | null>>;
}

/** What the demo is told that its answer cost; `Speech.usage` is what the row says of it. */
export const usage = "[[demo usage in=100 out=20 read=50 thinking=4]]";

export const speeches: readonly Speech[] = [
  {
    format: "anthropic-messages",
    provider: "anthropic",
    path: "/v1/messages?beta=true&x=%7B1%7D",
    headers: { "x-api-key": accessToken, "anthropic-version": "2099-01-01", "anthropic-beta": "one-2030,two" },
    body: (prompt, stream) =>
      `{ "model":"claude-haiku-5-5","max_tokens":1e2, "max_tokens" : 900,\n "messages":[{"role":"user","content":[{"type":"text","text":${JSON.stringify(prompt)},"cache_control":{"type":"ephemeral","ttl":"9h"}}]}],"future":{"a":[1,null,"\\u00fc"]},"stream":${stream}}`,
    credential: ["x-api-key", fingerprintOf(keys.KEY_ANTHROPIC)],
    usage: { inputTokens: 150, cacheReadInputTokens: 50, outputTokens: 20, reasoningTokens: 4, costUsd: 0.0000205 },
  },
  {
    format: "openai-chat",
    provider: "openai",
    path: "/v1/chat/completions?api-version=2030",
    headers: { authorization: `Bearer ${accessToken}`, "openai-organization": "org-1", "openai-beta": "x=v9" },
    body: (prompt, stream) =>
      `{"messages" :[{"role":"user","content":${JSON.stringify(prompt)}}],"model":"gpt-priced","stream":false,"stream":${stream},${stream ? '"stream_options":{"include_usage":true},' : ""}"future":{"a":[1,null,"\\u00fc"]}}\n`,
    credential: ["authorization", `Bearer ${fingerprintOf(keys.KEY_OPENAI)}`],
    usage: { inputTokens: 150, cacheReadInputTokens: 50, outputTokens: 20, reasoningTokens: 4, costUsd: 0.00045 },
  },
  {
    format: "openai-responses",
    provider: "openai",
    path: "/v1/responses?x",
    headers: { authorization: `Bearer ${accessToken}`, "openai-beta": "responses=v9" },
    body: (prompt, stream) =>
      `{"input" :${JSON.stringify(prompt)},"store":false,"model":"gpt-priced",\n"stream":${stream},"future":{"a":[1,null,"\\u00fc"]},"tools":[{"type":"web_search"}]}`,
    credential: ["authorization", `Bearer ${fingerprintOf(keys.KEY_OPENAI)}`],
    usage: { inputTokens: 150, cacheReadInputTokens: 50, outputTokens: 20, reasoningTokens: 4, costUsd: 0.00045 },
  },
];

/** Each streamed and whole. */
export const cases = speeches.flatMap((speech) =>
  [true, false].map((stream) => [speech.format, stream ? "streamed" : "whole", speech, stream] as const),
);
