/** Requests that are repeated with their key, and requests that are cancelled, with the real CLI and the official SDKs. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { type ClientBench, openClientBench } from "./support/client-bench.ts";
import { failureOf } from "./support/clients.ts";
import { waitFor } from "./support/proxy.ts";

setDefaultTimeout(60_000);
const model = "claude-sonnet-5-5";

let bench: ClientBench;
beforeAll(async () => {
  bench = await openClientBench({ args: ["--allowed-tools", "Bash"] });
});
afterAll(() => bench.end());
beforeEach(() => bench.forget());

const user = (content: string) => [{ role: "user" as const, content }];
const rowOfLast = () => bench.rowOf(bench.traffic.last().requestId);

/** The same question through each official SDK, as the bytes that come back. */
const sdks = [
  {
    name: "openai",
    ask: (content: string, stream: boolean, headers: Record<string, string>) =>
      bench
        .clients("chat")
        .openai.chat.completions.create({ model, stream, messages: user(content) }, { headers })
        .asResponse(),
  },
  {
    name: "anthropic",
    ask: (content: string, stream: boolean, headers: Record<string, string>) =>
      bench
        .clients("chat")
        .anthropic.messages.create({ model, stream, max_tokens: 99, messages: user(content) }, { headers })
        .asResponse(),
  },
];

for (const { name, ask } of sdks)
  for (const stream of [true, false])
    test(`${name}, ${stream ? "streamed" : "whole"}: a repetition is the same to the byte, and billed once; proves("request-idempotency")`, async () => {
      const key = { "idempotency-key": crypto.randomUUID() };
      const content = "[[demo text 5 delay=20]]";
      const first = await ask(content, stream, key);
      // In the middle of the stream, where it is one.
      const second = await ask(content, stream, key);
      const [one, two] = await Promise.all([first.bytes(), second.bytes()]);
      const row = await rowOfLast();
      const third = await ask(content, stream, key);
      expect(two).toEqual(one);
      expect(await third.bytes()).toEqual(one);
      expect(new TextDecoder().decode(one)).toContain("chunk 5");
      expect([first, second, third].map(({ headers }) => headers.get("x-ccproxy-replayed"))).toEqual([
        null,
        "true",
        "true",
      ]);
      expect(bench.requests()).toHaveLength(1);
      expect(row).toMatchObject({ status: 200, finishReason: "stop", costUsd: null, inputTokens: null });
      const other = await failureOf(() => ask("Something else", stream, key));
      expect(other).toMatchObject({ status: 422 });
    });

describe("a connection that is lost", () => {
  /** Fails as a network does, once, when the server has had the request for a while. */
  function dropping(): { readonly fetch: typeof globalThis.fetch; readonly keys: (string | null)[] } {
    const keys: (string | null)[] = [];
    const send = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
      keys.push(new Headers(init.headers).get("idempotency-key"));
      if (keys.length > 1) return await bench.traffic.fetch(input, init);
      const client = new AbortController();
      const dropped = bench.traffic.fetch(input, { ...init, signal: client.signal });
      await waitFor(() => bench.proxy.upstream.openRequests() > 0 || undefined, 20_000);
      client.abort();
      await dropped.catch(() => undefined);
      throw new TypeError("The socket connection was closed unexpectedly.");
    };
    return { fetch: Object.assign(send, { preconnect: fetch.preconnect }), keys };
  }

  const options = { apiKey: "any", maxRetries: 2, defaultHeaders: { "x-ccproxy-mode": "agent" } };
  const key = () => ({ headers: { "idempotency-key": crypto.randomUUID() } });
  const once = (file: string) =>
    `[[demo tool Bash {"command": "echo ran >> ${file}", "description": "d"}]] [[demo then]] [[demo text 20 delay=20]]`;
  const runs = (file: string) => readFileSync(join(bench.proxy.cwd, file), "utf8");

  test('openai\'s own retry gets the answer of the turn that went on; proves("request-idempotency")', async () => {
    const { fetch, keys } = dropping();
    const client = new OpenAI({ ...options, baseURL: `${bench.proxy.url}/v1`, fetch });
    const answer = await client.chat.completions.create({ model, messages: user(once("openai.txt")) }, key());
    expect(answer.choices[0]?.message.content).toContain("chunk 20");
    expect(keys).toEqual([expect.any(String), keys[0] ?? ""]);
    expect(runs("openai.txt")).toBe("ran\n");
    expect(bench.requests()).toHaveLength(2);
  });

  test('anthropic\'s own retry does too, streamed; proves("request-idempotency")', async () => {
    const { fetch, keys } = dropping();
    const client = new Anthropic({ ...options, baseURL: bench.proxy.url, fetch });
    const stream = client.messages.stream({ model, max_tokens: 99, messages: user(once("anthropic.txt")) }, key());
    expect(await stream.finalText()).toContain("chunk 20");
    expect(keys).toEqual([expect.any(String), keys[0] ?? ""]);
    expect(runs("anthropic.txt")).toBe("ran\n");
    expect(bench.requests()).toHaveLength(2);
  });

  test("the SDKs make no keys of their own", async () => {
    const { keys, fetch } = dropping();
    const client = new OpenAI({ ...options, baseURL: `${bench.proxy.url}/v1`, fetch });
    const asked = { model, messages: user("[[demo text 5 delay=50]]") };
    await client.chat.completions.create(asked, { idempotencyKey: "mine", headers: { "x-ccproxy-mode": "chat" } });
    const { anthropic } = bench.clients("chat", { headers: {} });
    await anthropic.messages.create({ ...asked, max_tokens: 9 }, { idempotencyKey: "mine" });
    expect(keys).toEqual([null, null]);
  });
});

describe("a request that is cancelled", () => {
  const cancel = (id: string, prefix = "") =>
    fetch(`${bench.proxy.url}${prefix}/v1/requests/${id}`, { method: "DELETE" });
  const long = user("[[demo text 1000 delay=50]]");

  test('ends its stream with an error, and its turn at once; proves("request-cancel")', async () => {
    const { openai, anthropic } = bench.clients("agent");
    const streams = [
      () => openai.chat.completions.create({ model, stream: true, messages: long }),
      () => anthropic.messages.create({ model, max_tokens: 99, stream: true, messages: long }),
    ];
    for (const open of streams) {
      const stream = await open();
      const { requestId } = bench.traffic.last();
      const read = failureOf(async () => {
        for await (const event of stream) if (JSON.stringify(event).includes("chunk 2 ")) await cancel(requestId);
      });
      expect(String(await read)).toContain("cancelled on demand");
      expect(await bench.rowOf(requestId)).toMatchObject({ status: 499, errorKind: "cancelled", mode: "agent" });
      await bench.quiet();
    }
  });

  test('fails its whole answer, and is not cancelled twice; proves("request-cancel")', async () => {
    const { openai } = bench.clients("chat");
    const asked = failureOf(() => openai.chat.completions.create({ model, messages: long }));
    await waitFor(() => bench.proxy.upstream.openRequests() > 0 || undefined, 20_000);
    const { requestId } = bench.traffic.last();
    expect((await cancel(requestId, "/sdk")).status).toBe(200);
    expect(await asked).toMatchObject({ status: 499, code: "cancelled" });
    await bench.quiet();
    expect((await cancel(requestId)).status).toBe(404);
  });
});
