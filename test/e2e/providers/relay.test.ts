/** Requests in the format of their provider: they go up as they came, and so does what comes back. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { fingerprintOf } from "#demo/credential.ts";

import { failureOf } from "../support/clients.ts";
import {
  accessToken,
  aliceToken,
  cases,
  keys,
  openRelayBench,
  type RelayBench,
  speeches,
  usage,
} from "../support/relay-bench.ts";
import { readRows } from "../support/rows.ts";

setDefaultTimeout(20_000);

let bench: RelayBench;
beforeAll(async () => {
  bench = await openRelayBench();
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.forget());

/** What nobody may see of it: who lets the client in, and what is meant for us. */
const hidden = {
  cookie: "session=1",
  referer: "http://127.0.0.1/page",
  forwarded: "for=10.0.0.1",
  "x-ccproxy-verbosity": "text",
  "x-cc-nonsense": "1",
  "x-forwarded-for": "10.0.0.1",
  "x-goog-api-key": "mine",
  "api-key": "mine",
  "proxy-authorization": "Basic x",
};

/** The demo counts its answers, and says when they were made. */
function unnumbered(text: string): string {
  return text.replaceAll(/demo_\d+/g, "demo_N").replaceAll(/"created(_at)?":\d+/g, '"created$1":0');
}

function headersOf({ headers }: Response): Record<string, string> {
  const left =
    /^(?:date|connection|content-length|transfer-encoding|x-accel-buffering|(?:x-)?request-id|x-ccproxy-.*)$/;
  return Object.fromEntries([...headers].filter(([name]) => !left.test(name)));
}

// proves("upstream-relay", "upstream-api-key", "log-usage-cost")
test.each(cases)("%s, %s: every byte travels, both ways", async (_format, _how, speech, stream) => {
  const body = speech.body(`Grüße ☃ [[demo say “ü😀”]] [[demo header x-odd=1]] ${usage}`, stream);
  const direct = await bench.sendDirectly(speech, body);
  bench.forget();
  const { requestId, response, text } = await bench.send(`/providers/${speech.provider}${speech.path}`, body, {
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
    const direct = await bench.sendDirectly(speech, body);
    bench.forget();
    const { requestId, response, text } = await bench.send(
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
    const direct = await bench.sendDirectly(speech, body);
    const { requestId, text } = await bench.send(`/providers/${speech.provider}${speech.path}`, body, speech.headers);
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

// proves("api-prefixes-backends")
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
    expect(over.results_url).toBe(`${bench.proxy.url}${at}/v1/messages/batches/${made.id}/results`);
    const results = await Array.fromAsync(await batches.results(made.id));
    expect(JSON.stringify(results)).toContain('"text":"One."');
    expect(bench.lastAsked().headers["x-api-key"]).not.toBe(accessToken);
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
  bench.bytes.says(() => ({ headers: { "content-type": "audio/mpeg" }, body: [Uint8Array.of(0, 255, 1, 254)] }));
  const speech = await openaiAt("/providers/bytes").audio.speech.create({ model: "t", voice: "alloy", input: "x" });
  expect([...(await speech.bytes())]).toEqual([0, 255, 1, 254]);
  expect((await openaiAt("/providers/openai").models.list()).data.length).toBeGreaterThan(0);
});

test("a response that the upstream made is kept there, and asked for there", async () => {
  const { responses } = openaiAt("/providers/openai");
  const made = await responses.create({ model: "gpt-priced", input: "[[demo say Made.]]" });
  expect(made.id).toStartWith("resp_demo_");
  expect((await responses.retrieve(made.id)).output_text).toBe("Made.");
  expect((await responses.inputItems.list(made.id)).data).toHaveLength(1);
  // The demo's own words.
  expect(await failureOf(() => responses.cancel(made.id))).toMatchObject({
    message: expect.stringContaining("Cannot cancel a synchronous response."),
  });
  // Claude Code's are all here.
  expect(await failureOf(() => openaiAt("/cc").responses.retrieve(made.id))).toMatchObject({ status: 404 });
  await responses.delete(made.id);
  expect(await failureOf(() => responses.retrieve(made.id))).toMatchObject({
    message: expect.stringContaining("not found."),
  });
  expect(bench.asked().map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /v1/responses",
    `GET /v1/responses/${made.id}`,
    `GET /v1/responses/${made.id}/input_items`,
    `POST /v1/responses/${made.id}/cancel`,
    `DELETE /v1/responses/${made.id}`,
    `GET /v1/responses/${made.id}`,
  ]);
});

test.each([
  ["form data, as curl does", "application/x-www-form-urlencoded"],
  ["plain text, as fetch does", "text/plain;charset=UTF-8"],
])("a body that its client calls %s is the JSON it is", async (_name, type) => {
  const body = JSON.stringify({ model: "gpt-priced", messages: [{ role: "user", content: "Hello." }] });
  await bench.send("/providers/openai/v1/chat/completions", body, { "content-type": type });
  expect(bench.lastAsked().headers["content-type"]).toBe("application/json");
  await bench.send("/providers/openai/v1/chat/completions", body, {
    "content-type": "application/json; charset=utf-8",
  });
  expect(bench.lastAsked().headers["content-type"]).toBe("application/json; charset=utf-8");
});

test("a body that came packed goes up unpacked", async () => {
  const body = JSON.stringify({ model: "gpt-priced", messages: [{ role: "user", content: "Hello." }] });
  const { response } = await bench.send("/providers/openai/v1/chat/completions", Bun.gzipSync(Buffer.from(body)), {
    "content-encoding": "gzip",
  });
  expect(response.status).toBe(200);
  expect(new TextDecoder().decode(bench.lastAsked().bytes())).toBe(body);
  expect(bench.lastAsked().headers["content-encoding"]).toBeUndefined();
});

test("a stream of another endpoint is no answer of a model: it is neither read nor found wanting", async () => {
  const events = 'data: {"type":"speech.audio.delta","audio":"AA=="}\n\ndata: {"type":"speech.audio.done"}\n\n';
  bench.bytes.says(() => ({ headers: { "content-type": "text/event-stream" }, framing: "chunked", body: [events] }));
  const { requestId, text } = await bench.send(
    "/providers/bytes/v1/audio/speech",
    '{"model":"t","stream_format":"sse"}',
  );
  expect(text).toBe(events);
  bench.expectRow(requestId, { status: 200, errorKind: null });
});

// ---- keys that say more than who may ask

const hello = JSON.stringify({ model: "gpt-priced", messages: [{ role: "user", content: "Hello." }] });

// proves("upstream-key-names", "log-secrets")
test("a key that names a backend goes no further, and lets in only with the token beside or behind it", async () => {
  const name = "sk-ant-oat-ccproxy-openai";
  for (const [authorization, more] of [
    [`Bearer ${name}`, { "x-api-key": accessToken }],
    [`Bearer ${name}.${accessToken}`, {}],
    [`Bearer ${accessToken}`, { "x-api-key": name }],
  ] as const) {
    const { response } = await bench.send("/v1/chat/completions", hello, { authorization, ...more });
    expect([response.status, response.headers.get("x-ccproxy-backend")]).toEqual([200, "openai"]);
    const { headers, credentials } = bench.lastAsked();
    expect(credentials).toEqual({ authorization: `Bearer ${fingerprintOf(keys.KEY_OPENAI)}` });
    expect(JSON.stringify(headers)).not.toContain("sk-ant-oat-ccproxy");
  }
  bench.forget();
  for (const authorization of [`Bearer ${name}`, `Bearer ${name}.wrong`]) {
    const { response, text } = await bench.send("/v1/chat/completions", hello, { authorization });
    expect(response.status).toBe(401);
    expect(text).toContain("sk-ant-oat-ccproxy-<backend>.<token>");
  }
  expect(bench.asked()).toEqual([]);
});

// proves("auth-named-tokens", "log-access")
test("who has a token with a name is called so in the log, and has rules of its own", async () => {
  for (const authorization of [`Bearer ${aliceToken}`, `Bearer sk-ant-oat-ccproxy-anthropic.${aliceToken}`]) {
    const { requestId, response } = await bench.send("/v1/chat/completions", hello, { authorization });
    expect(response.status).toBe(200);
    expect(bench.lastAsked().body).toMatchObject({ model: "gpt-of-alice" });
    bench.expectRow(requestId, { principal: "token:alice", backend: "openai", modelAsked: "gpt-priced" });
  }
  const { requestId } = await bench.send("/providers/openai/v1/chat/completions", hello);
  bench.expectRow(requestId, { principal: expect.stringMatching(/^token-/), modelUsed: "gpt-priced" });
});

// proves("observe-pricing")
test("a stream whose client asks for no usage has none in the log, which is not nothing", async () => {
  const body = JSON.stringify({ ...JSON.parse(hello), stream: true });
  const { requestId, text } = await bench.send("/providers/openai/v1/chat/completions", body);
  expect(text).toEndWith("data: [DONE]\n\n");
  bench.expectRow(requestId, { finishReason: "stop", inputTokens: null, outputTokens: null, costUsd: null });
});

// proves("observe-pricing")
test("a provider that is asked for usage in the place of a client tells the log, and the client nothing of it", async () => {
  const prompt = [{ role: "user" as const, content: `[[demo say Ü.]] ${usage}` }];
  const asked = { model: "gpt-priced", messages: prompt, stream: true } as const;
  const read = async (at: string, more: object = {}) => {
    const { data, response } = await openaiAt(at)
      .chat.completions.create({ ...asked, ...more })
      .withResponse();
    const chunks = await Array.fromAsync(data);
    const requestId = response.headers.get("x-request-id") ?? "";
    return { requestId, chunks: chunks.map(({ id: _id, created: _created, ...chunk }) => chunk) };
  };
  const plain = await read("/providers/openai");
  const counted = await read("/providers/counted");
  expect(bench.lastAsked().body).toEqual({ ...asked, stream_options: { include_usage: true } });
  expect(counted.chunks).toEqual(plain.chunks);
  expect(counted.chunks.some((chunk) => "usage" in chunk)).toBe(false);
  bench.expectRow(counted.requestId, { finishReason: "stop", inputTokens: 150, outputTokens: 20, errorKind: null });
  const own = await read("/providers/counted", { stream_options: { include_usage: true } });
  expect(own.chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 150, completion_tokens: 20 });
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
    bench.bytes.says(() => ({
      headers: { "content-type": "text/event-stream", "x-odd": "1" },
      framing: "chunked",
      body: [...parts, "\n\n", end],
      pause: () => Bun.sleep(0),
    }));
    const { requestId, response, text } = await bench.send(`/providers/bytes${path}`, '{"model":"x","stream":true}');
    expect(text).toBe(`${whole.toString()}\n\n${end}`);
    expect(response.headers.get("x-odd")).toBe("1");
    bench.expectRow(requestId, { status: 200, finishReason: "stop", errorKind: null });
  }
});

test("the first bytes of a stream are there while the rest is still to come", async () => {
  const rest = Promise.withResolvers<void>();
  bench.bytes.says(() => ({
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

// ---- afterwards

test('each request is one row that says what happened; proves("log-access")', () => bench.checkRows());

test('no key and no token is anywhere but where it belongs; proves("log-secrets")', async () => {
  const seen = [
    bench.proxy.output(),
    JSON.stringify(readRows(bench.proxy)),
    await (await fetch(`${bench.proxy.url}/health`)).text(),
    ...bench.errors,
  ];
  for (const secret of [...Object.values(keys), accessToken, aliceToken])
    for (const text of seen) expect(text).not.toContain(secret);
});
