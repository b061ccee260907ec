/** Requests in the format of their provider: they go up as they came, and so does what comes back. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { fingerprintOf } from "#demo/credential.ts";

import { type ByteUpstream, startByteUpstream } from "../support/byte-upstream.ts";
import { failureOf } from "../support/clients.ts";
import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import { type Format, readTold } from "../support/provider-ways.ts";
import { waitFor } from "../support/proxy.ts";
import { readRows } from "../support/rows.ts";

setDefaultTimeout(20_000);

const accessToken = "sesame-access-token-of-the-client";
const keys = { KEY_ANTHROPIC: "sk-ant-api03-upstream-secret-one", KEY_OPENAI: "sk-proj-upstream-secret-number-two" };

let bench: ProviderBench;
let bytes: ByteUpstream;
beforeAll(async () => {
  bytes = startByteUpstream();
  bench = await openProviderBench({
    env: keys,
    config: (demo) => ({
      server: { auth_token: accessToken },
      routing: {
        default: "anthropic",
        rules: {
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
        bytes: {
          endpoints: { "anthropic-messages": bytes.url, "openai-chat": `${bytes.url}/v1` },
          allow_private: true,
          max_retries: 0,
        },
      },
    }),
  });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  bytes.stop();
});
beforeEach(() => bench.forget());

interface Speech {
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

const usage = "[[demo usage in=100 out=20 read=50 thinking=4]]";
const speeches: readonly Speech[] = [
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

const cases = speeches.flatMap((speech) =>
  [true, false].map((stream) => [speech.format, stream ? "streamed" : "whole", speech, stream] as const),
);

/** What nobody may see of it: who lets the client in, and what is meant for us. */
const hidden = {
  cookie: "session=1",
  referer: "http://127.0.0.1/page",
  forwarded: "for=10.0.0.1",
  "x-ccproxy-verbosity": "text",
  "x-cc-nonsense": "1",
  "x-forwarded-for": "10.0.0.1",
  "x-goog-api-key": "mine",
  "proxy-authorization": "Basic x",
};

async function send(path: string, body: string, headers: Readonly<Record<string, string>> = {}) {
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
}

/** What clients were told of failures. */
const errors: string[] = [];

/** The same request put to the upstream itself. */
async function sendDirectly({ provider, credential: [name], headers }: Speech, path: string, body: string) {
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
}

/** The demo counts its answers, and says when they were made. */
function unnumbered(text: string): string {
  return text.replaceAll(/demo_\d+/g, "demo_N").replaceAll(/"created(_at)?":\d+/g, '"created$1":0');
}

function headersOf({ headers }: Response): Record<string, string> {
  const left =
    /^(?:date|connection|content-length|transfer-encoding|x-accel-buffering|(?:x-)?request-id|x-ccproxy-.*)$/;
  return Object.fromEntries([...headers].filter(([name]) => !left.test(name)));
}

// proves("upstream-api-key", "log-usage-cost")
test.each(cases)("%s, %s: every byte travels, both ways", async (_format, _how, speech, stream) => {
  const body = speech.body(`Grüße ☃ [[demo say “ü😀”]] [[demo header x-odd=1]] ${usage}`, stream);
  const direct = await sendDirectly(speech, speech.path, body);
  bench.forget();
  const { requestId, response, text } = await send(`/providers/${speech.provider}${speech.path}`, body, {
    ...speech.headers,
    ...hidden,
    "user-agent": "client/1",
    "x-odd": "kept",
  });
  const asked = bench.lastAsked();
  expect(new TextDecoder().decode(asked.bytes())).toBe(body);
  expect(asked.path).toBe(speech.path);
  const { authorization: _token, "x-api-key": _key, ...passed } = speech.headers;
  expect(asked.headers).toMatchObject({ ...passed, "user-agent": "client/1", "x-odd": "kept" });
  expect(asked.credentials).toEqual({ [speech.credential[0]]: speech.credential[1] });
  for (const name of Object.keys(hidden)) expect(asked.headers).not.toHaveProperty(name);
  expect(Object.keys(asked.headers).filter((name) => /^x-cc|x-request-id/.test(name))).toEqual([]);
  expect(asked.headers["x-from-configuration"]).toBe(speech.provider === "anthropic" ? "yes" : undefined);

  expect(response.status).toBe(200);
  expect(unnumbered(text)).toBe(unnumbered(direct.text));
  expect(headersOf(response)).toEqual(headersOf(direct.response));
  expect(response.headers.get("x-request-id")).toBe(requestId);
  expect(response.headers.get("x-ccproxy-upstream-request-id")).toBe(asked.requestId);
  expect(response.headers.get("x-ccproxy-backend")).toBe(speech.provider);
  expect(response.headers.get("x-ccproxy-ignored-params")).toBe("x-cc-nonsense");

  bench.expectRow(requestId, {
    ...speech.usage,
    backend: speech.provider,
    wireFormat: speech.format,
    streaming: stream,
    status: 200,
    finishReason: "stop",
    errorKind: null,
    modelAsked: expect.stringMatching(/^(?:claude-haiku-5-5|gpt-priced)$/),
    modelUsed: expect.stringMatching(/^(?:claude-haiku-5-5|gpt-priced)$/),
    bytesIn: new TextEncoder().encode(body).byteLength,
    bytesOut: new TextEncoder().encode(text).byteLength,
  });
});

// ---- failures

/** What the demo is told, the status it answers with, and what the row calls it. */
const failures = [
  ["[[demo error 400]]", 400, "invalid-request"],
  ["[[demo error 400 too-long]]", 400, "context-length"],
  ["[[demo error 401]]", 401, "authentication"],
  ["[[demo error 403]]", 403, "permission"],
  ["[[demo error 404]]", 404, "not-found"],
  ["[[demo error 429 retry-after=17]]", 429, "rate-limit"],
  ["[[demo error 500]]", 500, "upstream"],
  ["[[demo error 529]]", 529, "overloaded"],
] as const;

test.each(cases)("%s, %s: refusals of the upstream pass as they are", async (_format, _how, speech, stream) => {
  for (const [directive, status, errorKind] of failures) {
    const body = speech.body(directive, stream);
    const direct = await sendDirectly(speech, speech.path, body);
    bench.forget();
    const { requestId, response, text } = await send(
      `/providers/${speech.provider}${speech.path}`,
      body,
      speech.headers,
    );
    expect({ directive, status: response.status, text: unnumbered(text) }).toEqual({
      directive,
      status,
      text: unnumbered(direct.text),
    });
    expect(headersOf(response)).toEqual(headersOf(direct.response));
    expect(bench.asked()).toHaveLength(1);
    bench.expectRow(requestId, { status, errorKind, finishReason: null, backend: speech.provider, costUsd: null });
  }
});

test("a failure within a stream passes as it is, and is what the row says", async () => {
  for (const speech of speeches) {
    const body = speech.body("[[demo text 3]] [[demo fail at=1]]", true);
    const direct = await sendDirectly(speech, speech.path, body);
    const { requestId, text } = await send(`/providers/${speech.provider}${speech.path}`, body, speech.headers);
    expect(unnumbered(text)).toBe(unnumbered(direct.text));
    bench.expectRow(requestId, {
      status: 200,
      finishReason: null,
      errorKind: expect.stringMatching(/^(?:overloaded|upstream)$/),
    });
  }
});

// ---- the rest of an API

const anthropicAt = (at: string) =>
  new Anthropic({ baseURL: `${bench.proxy.url}${at}`, apiKey: accessToken, maxRetries: 0 });
const openaiAt = (at: string) =>
  new OpenAI({ baseURL: `${bench.proxy.url}${at}/v1`, apiKey: accessToken, maxRetries: 0 });

describe.each(["/api", "/providers/anthropic"])("under %s", (at) => {
  test("tokens are counted, models listed and told by the upstream itself", async () => {
    const anthropic = anthropicAt(at);
    const messages = [{ role: "user" as const, content: "Count me." }];
    expect(await anthropic.messages.countTokens({ model: "claude-haiku-5-5", messages })).toMatchObject({
      input_tokens: 13,
    });
    const ids = (await anthropic.models.list({ limit: 2 })).data.map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(bench.lastAsked().path).toBe("/v1/models?limit=2");
    expect(await anthropic.models.retrieve("claude-haiku-5-5")).toMatchObject({
      id: "claude-haiku-5-5",
      type: "model",
    });
    expect(bench.asked()).toHaveLength(3);
    for (const { credentials } of bench.asked())
      expect(credentials).toEqual({ "x-api-key": fingerprintOf(keys.KEY_ANTHROPIC) });
  });

  test("batches are made, waited for and read", async () => {
    const { batches } = anthropicAt(at).messages;
    const params = {
      model: "claude-haiku-5-5",
      max_tokens: 99,
      messages: [{ role: "user" as const, content: "[[demo say One.]]" }],
    };
    const made = await batches.create({ requests: [{ custom_id: "first", params }] });
    expect(made.processing_status).toBe("in_progress");
    expect((await batches.list()).data.map(({ id }) => id)).toContain(made.id);
    const over = await batches.retrieve(made.id);
    expect(over.processing_status).toBe("ended");
    const results = await fetch(`${bench.proxy.url}${at}/v1/messages/batches/${made.id}/results`, {
      headers: { "x-api-key": accessToken, "anthropic-version": "2023-06-01" },
    });
    expect(await results.text()).toContain('"text":"One."');
  });

  test("files are sent as the forms they are, listed, looked at and deleted", async () => {
    const { files } = anthropicAt(at).beta;
    const content = new Uint8Array(300_000).map((_, index) => index * 7);
    const file = await files.upload({ file: new File([content], "ü.pdf", { type: "application/pdf" }) });
    expect(file).toMatchObject({ filename: "ü.pdf", mime_type: "application/pdf", size_bytes: 300_000 });
    expect(Buffer.from(bench.lastAsked().bytes()).includes(content)).toBe(true);
    expect((await files.list()).data.map(({ id }) => id)).toContain(file.id);
    expect(await files.retrieveMetadata(file.id)).toMatchObject({ id: file.id });
    expect(await files.delete(file.id)).toMatchObject({ id: file.id });
    expect(await failureOf(() => files.retrieveMetadata(file.id))).toMatchObject({ status: 404 });
  });
});

test("what nobody here has heard of is for the upstream to answer, and to refuse", async () => {
  const failure = await failureOf(() => openaiAt("/providers/openai").embeddings.create({ model: "e", input: "x" }));
  expect(failure).toMatchObject({ status: 404, message: expect.stringContaining("Invalid URL (POST /v1/embeddings)") });
  bytes.says(() => ({ headers: { "content-type": "audio/mpeg" }, body: [Uint8Array.of(0, 255, 1, 254)] }));
  const speech = await openaiAt("/providers/bytes").audio.speech.create({ model: "t", voice: "alloy", input: "x" });
  expect([...(await speech.bytes())]).toEqual([0, 255, 1, 254]);
  expect((await openaiAt("/providers/openai").models.list()).data.length).toBeGreaterThan(0);
});

test("a response that the upstream made is kept there, and asked for there", async () => {
  const { responses } = openaiAt("/providers/openai");
  const made = await responses.create({ model: "gpt-priced", input: "[[demo say Made.]]" });
  expect(made.id).toStartWith("resp_demo_");
  for (const call of [
    () => responses.retrieve(made.id),
    () => responses.delete(made.id),
    () => responses.cancel(made.id),
    () => responses.inputItems.list(made.id),
  ])
    // The demo keeps none, and says so in its own words.
    expect(await failureOf(call)).toMatchObject({
      message: expect.stringMatching(/not found\.|Invalid URL|Not allowed/),
    });
  expect(bench.asked().map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /v1/responses",
    `GET /v1/responses/${made.id}`,
    `DELETE /v1/responses/${made.id}`,
    `POST /v1/responses/${made.id}/cancel`,
    `GET /v1/responses/${made.id}/input_items`,
  ]);
  // Claude Code's are all here.
  expect(await failureOf(() => openaiAt("/cc").responses.retrieve(made.id))).toMatchObject({ status: 404 });
  expect(bench.asked()).toHaveLength(5);
});

test("a stream of another endpoint is no answer of a model: it is neither read nor found wanting", async () => {
  const events = 'data: {"type":"speech.audio.delta","audio":"AA=="}\n\ndata: {"type":"speech.audio.done"}\n\n';
  bytes.says(() => ({ headers: { "content-type": "text/event-stream" }, framing: "chunked", body: [events] }));
  const { requestId, text } = await send("/providers/bytes/v1/audio/speech", '{"model":"t","stream_format":"sse"}');
  expect(text).toBe(events);
  bench.expectRow(requestId, { status: 200, errorKind: null });
});

// ---- whatever comes

const strange: readonly (readonly [string, readonly (Uint8Array | string)[]])[] = [
  [
    "in pieces that cut characters",
    [...new TextEncoder().encode('data: {"type":"ü😀"}\r\n\r\n: x\r\rid: 1\nretry: 2\n\n')].map((byte) =>
      Uint8Array.of(byte),
    ),
  ],
  ["with events that nobody knows", ['event: future\ndata: {"type":"future"}\n\n']],
];
test.each(strange)("a stream %s comes down as it is, whatever it says", async (_name, parts) => {
  const whole = Buffer.concat(parts.map((part) => Buffer.from(part)));
  for (const [path, end] of [
    [
      "/v1/messages",
      'data: {"type":"message_start","message":{"id":"m","model":"x","usage":{"input_tokens":1,"output_tokens":1}}}\n\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}\n\ndata: {"type":"message_stop"}\n\n',
    ],
    ["/v1/chat/completions", 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'],
  ] as const) {
    bytes.says(() => ({
      headers: { "content-type": "text/event-stream", "x-odd": "1" },
      framing: "chunked",
      body: [...parts, "\n\n", end],
      pause: () => Bun.sleep(0),
    }));
    const { requestId, response, text } = await send(`/providers/bytes${path}`, '{"model":"x","stream":true}');
    expect(text).toBe(`${whole.toString()}\n\n${end}`);
    expect(response.headers.get("x-odd")).toBe("1");
    bench.expectRow(requestId, { status: 200, finishReason: "stop", errorKind: null });
  }
});

test("the first bytes of a stream are there while the rest is still to come", async () => {
  const rest = Promise.withResolvers<void>();
  bytes.says(() => ({
    headers: { "content-type": "text/event-stream" },
    framing: "chunked",
    body: [": first\n\n", 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'],
    pause: () => rest.promise,
  }));
  const response = await fetch(`${bench.proxy.url}/providers/bytes/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}` },
    body: '{"model":"x","stream":true}',
  });
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(new TextDecoder().decode(first?.value)).toBe(": first\n\n");
  rest.resolve();
  const last = await reader?.read();
  expect(new TextDecoder().decode(last?.value)).toEndWith("[DONE]\n\n");
});

// ---- who leaves, who cancels, who repeats

const slow = "[[demo text 50 delay=100]]";

/** Sent, and its first bytes read. */
async function begin(speech: Speech, stream: boolean, signal?: AbortSignal) {
  const requestId = `relay-${crypto.randomUUID()}`;
  const answering = fetch(`${bench.proxy.url}/providers/${speech.provider}${speech.path}`, {
    method: "POST",
    headers: { ...speech.headers, "x-request-id": requestId },
    body: speech.body(slow, stream),
    ...(signal && { signal }),
  });
  answering.catch(() => undefined);
  await waitFor(() => bench.demo.openRequests() > 0 || undefined, 10_000);
  if (stream) await answering;
  return { requestId, answering };
}

const cancel = async (requestId: string): Promise<number> =>
  (
    await fetch(`${bench.proxy.url}/v1/requests/${requestId}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${accessToken}` },
    })
  ).status;

test.each(cases)(
  '%s, %s: a client that leaves, leaves nothing upstream; proves("stream-cancel")',
  async (_format, _how, speech, stream) => {
    const client = new AbortController();
    const { requestId } = await begin(speech, stream, client.signal);
    client.abort();
    await bench.quiet();
    expect(bench.lastAsked().outcome).toBe("aborted");
    bench.expectRow(requestId, { status: 499, errorKind: "cancelled", finishReason: null });
  },
);

test.each(cases)(
  '%s, %s: one that is cancelled is told so in its format; proves("request-cancel")',
  async (_format, _how, speech, stream) => {
    const { requestId, answering } = await begin(speech, stream);
    expect(await cancel(requestId)).toBe(200);
    const response = await answering;
    const text = await response.text();
    expect(response.status).toBe(stream ? 200 : 499);
    const way = { client: speech.format, provider: speech.format, stream };
    const told = readTold({ way, raw: text, headers: response.headers });
    expect(told).toMatchObject({ ending: "failed", message: expect.stringContaining("cancel") });
    // One beginning, and one end.
    expect(text.split(/response\.created|message_start/).length).toBeLessThanOrEqual(3);
    await bench.quiet();
    expect(bench.lastAsked().outcome).toBe("aborted");
    expect(await cancel(requestId)).toBe(404);
    bench.expectRow(requestId, { status: 499, errorKind: "cancelled" });
  },
);

test.each(cases)(
  '%s, %s: a repetition with its key is the same to the byte, and asked once; proves("request-idempotency")',
  async (_format, _how, speech, stream) => {
    const body = speech.body("[[demo text 4 delay=20]]", stream);
    const headers = { ...speech.headers, "idempotency-key": crypto.randomUUID() };
    const path = `/providers/${speech.provider}${speech.path}`;
    const [first, second] = await Promise.all([send(path, body, headers), send(path, body, headers)]);
    const third = await send(path, body, headers);
    expect([second.text, third.text]).toEqual([first.text, first.text]);
    expect(first.text).toContain("chunk 4");
    expect(
      [first, second, third].filter(({ response }) => response.headers.get("x-ccproxy-replayed") === "true"),
    ).toHaveLength(2);
    expect(bench.asked()).toHaveLength(1);
    expect(third.response.headers.get("content-type")).toBe(first.response.headers.get("content-type"));
    const other = await send(path, speech.body("Another.", stream), headers);
    expect(other.response.status).toBe(422);
  },
);

// ---- where something is to be changed

test.each(cases)(
  '%s, %s: a rule that names another model changes that alone, and says so; proves("request-model-truth")',
  async (_format, _how, speech, stream) => {
    const body = speech.body("Hello.", stream);
    const { requestId, response, text } = await send(`/providers/${speech.provider}${speech.path}`, body, {
      ...speech.headers,
      "x-team": "blue",
    });
    const asked: unknown = bench.lastAsked().body;
    expect(asked).toEqual({ ...(JSON.parse(body) as object), model: "claude-haiku-4-5" }); // Ours, an object.
    expect(response.headers.get("x-ccproxy-model")).toBe("claude-haiku-4-5");
    expect(text).toContain('"model":"claude-haiku-4-5"');
    bench.expectRow(requestId, { status: 200, modelUsed: "claude-haiku-4-5" });
  },
);

test("a request that names no model gets the provider's, and is else as it came", async () => {
  const messages = [{ role: "user", content: "Hello." }];
  const { response } = await send("/providers/openai/v1/chat/completions", JSON.stringify({ messages, future: 1 }));
  expect(bench.lastAsked().body).toEqual({ messages, future: 1, model: "gpt-priced" });
  expect(response.headers.get("x-ccproxy-model")).toBe("gpt-priced");
});

const future = (speech: Speech, headers: Readonly<Record<string, string>>, prompt = "Hello.") =>
  send(`/providers/${speech.provider}${speech.path}`, speech.body(prompt, false), { ...speech.headers, ...headers });

test.each(speeches)("$format: a rule has it read, or passed on whatever it says", async (speech) => {
  const read = await future(speech, { "x-team": "translated" });
  expect(read.response.status).toBe(200);
  expect(bench.lastAsked().body).not.toHaveProperty("future");
  expect(read.response.headers.get("x-ccproxy-ignored-params")).toContain("future");
  const passed = await future(speech, { "x-team": "passed", "x-ccproxy-session": "s" });
  expect(passed.response.status).toBe(200);
  expect(bench.lastAsked().body).toHaveProperty("future");
  // Nobody remembers a conversation that nobody reads.
  expect(passed.response.headers.get("x-ccproxy-session")).toBeNull();
});

test("what has to pass, and cannot, is refused before anybody is asked", async () => {
  const [speech] = speeches;
  const { response, text } = await send("/providers/openai/v1/messages", speech?.body("Hello.", false) ?? "", {
    "x-team": "passed",
  });
  expect(response.status).toBe(400);
  expect(JSON.parse(text)).toMatchObject({
    type: "error",
    error: { message: expect.stringContaining("anthropic-messages") },
  });
  expect(bench.asked()).toEqual([]);
});

test.each(speeches)("$format: a session has a memory, so its requests are read", async (speech) => {
  const headers = { "x-ccproxy-session": `of ${speech.format}` };
  const first = await future(speech, headers);
  expect(first.response.headers.get("x-ccproxy-session")).toBe(encodeURIComponent(headers["x-ccproxy-session"]));
  await future(speech, headers, "And then?");
  const asked = bench.asked().map(({ body }) => {
    const { messages, input = messages } = body as Partial<Record<"messages" | "input", readonly { role: string }[]>>; // The demo took it.
    return input?.map(({ role }) => role);
  });
  expect(asked).toEqual([["user"], ["user", "assistant", "user"]]);
});

test("an alias with instructions is more than a name, so its requests are read", async () => {
  const { response } = await send(
    "/v1/messages",
    JSON.stringify({ model: "terse", max_tokens: 99, messages: [{ role: "user", content: "Hello." }] }),
  );
  expect(response.headers.get("x-ccproxy-model")).toBe("claude-haiku-5-5");
  expect(bench.lastAsked().body).toMatchObject({
    model: "claude-haiku-5-5",
    system: [{ type: "text", text: "Be terse." }],
  });
});

// ---- afterwards

test('each request is one row that says what happened; proves("log-access")', () => bench.checkRows());

test('no key and no token is anywhere but where it belongs; proves("log-secrets")', async () => {
  const seen = [
    bench.proxy.output(),
    JSON.stringify(readRows(bench.proxy)),
    await (await fetch(`${bench.proxy.url}/health`)).text(),
    ...errors,
  ];
  for (const secret of [...Object.values(keys), accessToken])
    for (const text of seen) expect(text).not.toContain(secret);
});
