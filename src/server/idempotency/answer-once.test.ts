import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { Call } from "#gateway/types.ts";
import { type Batches, play, startEvent, textEvents } from "#server/testing/scripted-gateway.ts";
import { startTestServer, type TestServer, until } from "#server/testing/test-server.ts";

const idempotency = { windowMs: 60_000, lingerMs: 60_000, maxAnswers: 10, maxBytes: 1_000_000 };
const messages = [{ role: "user", content: "Hi" }];
const formats = [
  ["/v1/chat/completions", { messages }],
  ["/v1/messages", { model: "x", max_tokens: 9, messages }],
] as const;

function ask(server: TestServer, path: string, body: object, init: RequestInit = {}): Promise<Response> {
  const headers = { "idempotency-key": "k1", ...Object.fromEntries(new Headers(init.headers)) };
  return fetch(server.url + path, { method: "POST", body: JSON.stringify(body), ...init, headers });
}

/** Without a socket: the server knows at once that its client has left. */
function askDirectly({ server, url }: TestServer, path: string, body: object, signal: AbortSignal): Promise<Response> {
  const headers = { "idempotency-key": "k1", host: "localhost" };
  return server.fetch(new Request(url + path, { method: "POST", body: JSON.stringify(body), headers, signal }));
}

const replayed = ({ headers }: Response) => headers.get("x-ccproxy-replayed");

/** Says how it starts, waits, and ends. */
async function* gated(gate: Promise<unknown>, { signal }: Call): Batches {
  const [first = [], ...rest] = textEvents("Hello", " world");
  yield first;
  const left = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  await Promise.race([gate, left]);
  if (signal.aborted) yield [{ type: "error", error: new GatewayError("cancelled", "Aborted.") }];
  else yield* play(rest);
}

async function* failing(): Batches {
  yield [startEvent, { type: "step-start" }];
  yield [{ type: "error", error: new GatewayError("upstream", "It broke.") }];
}

test("a repetition's row calls the model what its client does, in a header before the body", async () => {
  await using server = startTestServer({}, { idempotency });
  const headers = { "x-ccproxy-claude-model": "opus" };
  await (await ask(server, "/v1/messages", formats[1][1], { headers })).bytes();
  await (await ask(server, "/v1/messages", formats[1][1], { headers })).bytes();
  expect(server.gateway.calls).toHaveLength(1);
  expect(server.rows[1]?.modelAsked).toBe("opus");
});

for (const [path, body] of formats)
  for (const stream of [false, true]) {
    const name = `${path}, ${stream ? "streamed" : "whole"}`;
    const asked = { ...body, stream };

    test(`${name}: a repetition gets the same bytes, and the gateway is asked once`, async () => {
      await using server = startTestServer({}, { idempotency });
      const first = await ask(server, path, asked);
      const second = await ask(server, path, asked);
      expect(await second.bytes()).toEqual(await first.bytes());
      expect([replayed(first), replayed(second)]).toEqual([null, "true"]);
      expect(second.headers.get("content-type")).toBe(first.headers.get("content-type"));
      expect(second.headers.get("x-ccproxy-model")).toBe("claude-test-1");
      expect(second.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
      expect(server.gateway.calls).toHaveLength(1);
      expect(server.rows).toHaveLength(2);
      expect(server.rows[1]).toMatchObject({
        status: 200,
        streaming: stream,
        modelUsed: "claude-test-1",
        inputTokens: null,
      });
      expect(server.rows.map(({ finishReason }) => finishReason)).toEqual(["stop", "stop"]);
      expect(server.rows[1]?.bytesOut).toBe(server.rows[0]?.bytesOut ?? 0);
    });

    test(`${name}: a repetition joins the turn that runs, and either may leave`, async () => {
      const gate = Promise.withResolvers<void>();
      await using server = startTestServer({ events: (_, call) => gated(gate.promise, call) }, { idempotency });
      const [one, three] = [new AbortController(), new AbortController()];
      const first = askDirectly(server, path, asked, one.signal);
      await until(() => server.gateway.calls.length === 1);
      const second = ask(server, path, asked);
      const third = askDirectly(server, path, asked, three.signal);
      await until(() => server.server.activeRequests() === 3);
      one.abort();
      three.abort();
      gate.resolve();
      const response = await second;
      expect(await response.text()).toContain("world");
      expect(replayed(response)).toBe("true");
      // What those who left do not read is given up only after a while.
      await Promise.allSettled([first, third].map(async (left) => (await left).text()));
      await until(() => server.rows.length === 3);
      expect(server.gateway.calls).toHaveLength(1);
      expect(server.rows.map(({ status }) => `${status}`).toSorted()).toEqual(["200", "499", "499"]);
    });

    test(`${name}: a client that lost its connection comes back for the answer`, async () => {
      const gate = Promise.withResolvers<void>();
      await using server = startTestServer({ events: (_, call) => gated(gate.promise, call) }, { idempotency });
      const leaving = new AbortController();
      const first = askDirectly(server, path, asked, leaving.signal);
      await until(() => server.gateway.calls.length === 1);
      leaving.abort();
      gate.resolve();
      await first;
      await until(() => server.rows.length === 1);
      expect(server.rows).toMatchObject([{ status: 499, errorKind: "cancelled", finishReason: null }]);
      const second = await ask(server, path, asked);
      expect(await second.text()).toContain("world");
      expect(server.gateway.calls).toHaveLength(1);
    });

    test(`${name}: a failure that was paid for is not paid for again, any other is tried again`, async () => {
      let events: () => Batches = failing;
      await using server = startTestServer({ events: () => events() }, { idempotency });
      const first = await ask(server, path, asked);
      const second = await ask(server, path, asked);
      expect([second.status, replayed(second)]).toEqual([first.status, "true"]);
      expect(await second.text()).toContain("It broke.");
      events = () => play(textEvents("Hello"));
      server.gateway.script.refusal = new GatewayError("overloaded", "Later.");
      const key = { headers: { "idempotency-key": "k2" } };
      expect((await ask(server, path, asked, key)).status).toBeGreaterThan(499);
      delete server.gateway.script.refusal;
      expect(await (await ask(server, path, asked, key)).text()).toContain("Hello");
    });
  }

test("a stream that fails before the vendor took it, but after its headers, is tried again", async () => {
  let batches: readonly (readonly ModelEvent[])[] = [
    [{ type: "error", error: new GatewayError("rate-limit", "Wait.") }],
  ];
  const script = { events: () => play(batches), started: false, head: { accepted: false } };
  await using server = startTestServer(script, { idempotency });
  const [path, body] = formats[0];
  expect(await (await ask(server, path, { ...body, stream: true })).text()).toContain("Wait.");
  batches = textEvents("Hello");
  expect(await (await ask(server, path, { ...body, stream: true })).text()).toContain("Hello");
});

test("a turn whose client does not come back is given up, and a repetition runs anew", async () => {
  const gate = Promise.withResolvers<void>();
  const script = { events: (_: unknown, call: Call) => gated(gate.promise, call) };
  await using server = startTestServer(script, { idempotency: { ...idempotency, lingerMs: 5 } });
  const [path, body] = formats[0];
  const leaving = new AbortController();
  const first = ask(server, path, { ...body, stream: true }, { signal: leaving.signal });
  await (await first).body?.getReader().read();
  leaving.abort();
  await until(() => server.rows.length === 1);
  expect(server.rows).toMatchObject([{ status: 499, errorKind: "cancelled" }]);
  expect(server.gateway.calls[0]?.call.signal.aborted).toBe(true);
  gate.resolve();
  expect(replayed(await ask(server, path, { ...body, stream: true }))).toBeNull();
});

test("the same key for another body, or for other orders in headers, is a 422; elsewhere it is another key", async () => {
  await using server = startTestServer({}, { idempotency, accessTokens: {} });
  const [[chat, chatBody], [claude, claudeBody]] = formats;
  await ask(server, chat, chatBody);
  const other = await ask(server, chat, { messages: [{ role: "user", content: "Bye" }] });
  expect([other.status, await other.json()]).toEqual([
    422,
    { error: expect.objectContaining({ code: "idempotency_mismatch", param: "Idempotency-Key" }) },
  ]);
  expect((await ask(server, chat, chatBody, { headers: { "x-ccproxy-mode": "chat" } })).status).toBe(422);
  expect((await ask(server, claude, claudeBody)).status).toBe(200);
  const refused = await ask(server, claude, { ...claudeBody, max_tokens: 10 });
  expect(await refused.json()).toMatchObject({ type: "error", error: { type: "invalid_request_error" } });
  expect(replayed(await ask(server, `/sdk${chat}`, chatBody))).toBeNull();
});

test("a key that is none is named, and one that is empty is no key", async () => {
  await using server = startTestServer({}, { idempotency });
  const [path, body] = formats[0];
  for (const [key, got] of [
    ["x".repeat(256), "a string of 256 characters"],
    ["two words", '"two words"'],
  ] as const) {
    const refused = await ask(server, path, body, { headers: { "idempotency-key": key } });
    const error = { message: expect.stringContaining(`; got ${got}.`), param: "Idempotency-Key" };
    expect([refused.status, await refused.json()]).toEqual([400, { error: expect.objectContaining(error) }]);
  }
  for (const _ of [1, 2])
    expect(replayed(await ask(server, path, body, { headers: { "idempotency-key": "" } }))).toBeNull();
});

test("a body that cannot be read is told so each time", async () => {
  await using server = startTestServer({}, { idempotency });
  const [path, body] = formats[0];
  expect((await ask(server, path, {})).status).toBe(400);
  expect((await ask(server, path, body)).status).toBe(200);
});

test("a server that stops does not wait for who might come back, and tells those that listen", async () => {
  const server = startTestServer({ events: (_, call) => gated(new Promise(() => undefined), call) }, { idempotency });
  const [path, body] = formats[0];
  const leaving = new AbortController();
  const alone = ask(server, path, { ...body, stream: true }, { signal: leaving.signal });
  await (await alone).body?.getReader().read();
  leaving.abort();
  const other = { headers: { "idempotency-key": "k2" } };
  const first = await ask(server, path, { ...body, stream: true }, other);
  const second = await ask(server, path, { ...body, stream: true }, other);
  await server.server.stop(30);
  for (const response of [first, second]) expect((await response.text()).match(/"error"/g)).toHaveLength(1);
  await until(() => server.rows.length === 3);
  expect(server.rows.map(({ errorKind }) => `${errorKind}`).toSorted()).toEqual([
    "cancelled",
    "unavailable",
    "unavailable",
  ]);
});
