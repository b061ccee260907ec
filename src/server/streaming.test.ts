import { describe, expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";
import type { Call } from "#gateway/types.ts";

import { play, startEvent, stuck, textEvents } from "./testing/scripted-gateway.ts";
import { exchangeBytes, startTestServer, until } from "./testing/test-server.ts";

const chat = { path: "/v1/chat/completions", body: { stream: true, messages: [{ role: "user", content: "Hi" }] } };
const messages = {
  path: "/v1/messages",
  body: { model: "x", max_tokens: 9, stream: true, messages: [{ role: "user", content: "Hi" }] },
};
const formats = [chat, messages];

function post(url: string, { path, body }: typeof chat | typeof messages, init: RequestInit = {}): Promise<Response> {
  return fetch(url + path, { method: "POST", body: JSON.stringify(body), ...init });
}

function rawPost({ path, body }: typeof chat): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

/** Reads until `text` has come, and gives the reader back. */
async function readUntil(response: Response, text: string) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let received = "";
  while (!received.includes(text)) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) break;
    received += value;
  }
  expect(received).toContain(text);
  return { received, reader };
}

test.each(formats)("$path streams with headers that keep it a stream", async (format) => {
  await using server = startTestServer();
  const response = await post(server.url, format);
  const text = await response.text();
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(response.headers.get("cache-control")).toBe("no-cache");
  expect(response.headers.get("x-accel-buffering")).toBe("no");
  expect(response.headers.get("x-ccproxy-model")).toBe("claude-test-1");
  expect(text).toContain("Hello");
  expect(text).toEndWith(format === chat ? "data: [DONE]\n\n" : 'data: {"type":"message_stop"}\n\n');
  expect(server.rows).toMatchObject([
    { status: 200, streaming: true, finishReason: "stop", errorKind: null, bytesOut: Buffer.byteLength(text) },
  ]);
});

// proves("stream-heartbeat")
test.each(formats)(
  "$path sends heartbeats while there is nothing to say, also before the first event",
  async (format) => {
    const gate = Promise.withResolvers<void>();
    async function* slow() {
      await gate.promise;
      yield* play(textEvents("Hello"));
    }
    await using server = startTestServer({ events: slow, started: false }, { heartbeatMs: 5 });
    const response = await post(server.url, format);
    const heartbeat = format === chat ? /^(?::[^\n]*\n\n){2,}/ : /^(?:event: ping\ndata: [^\n]*\n\n){2,}/;
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) break;
      text += value;
      if (heartbeat.test(text)) gate.resolve();
    }
    expect(text).toMatch(heartbeat);
    expect(text).toContain("Hello");
    expect(server.rows).toMatchObject([{ status: 200, finishReason: "stop" }]);
  },
);

// proves("stream-late-error")
test.each(formats)(
  "$path tells a failure after the first byte as an error event, without a clean end",
  async (format) => {
    const error = new GatewayError("overloaded", "The vendor is overloaded.");
    await using server = startTestServer({
      events: () => play([...textEvents("Hello").slice(0, 2), [{ type: "error", error }], ...textEvents("more")]),
    });
    const response = await post(server.url, format);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain("The vendor is overloaded.");
    expect(text).not.toMatch(/\[DONE\]|message_stop|more/);
    expect(server.rows).toMatchObject([{ status: 200, errorKind: "overloaded" }]);
  },
);

test.each(formats)(
  "$path tells a fault while streaming as an error event, and nothing of the inside",
  async (format) => {
    async function* faulty() {
      yield [startEvent];
      throw new TypeError("secret detail");
    }
    await using server = startTestServer({ events: faulty });
    const text = await (await post(server.url, format)).text();
    expect(text).toContain('"error"');
    expect(text).not.toContain("secret");
    expect(server.rows).toMatchObject([{ status: 200, errorKind: "internal" }]);
  },
);

describe("a call whose arguments are no object", () => {
  const batches: readonly (readonly ModelEvent[])[] = [
    [startEvent, { type: "step-start" }],
    [
      { type: "tool-input-start", id: "c", toolName: "lookup", executedBy: "client" },
      { type: "tool-input-delta", id: "c", delta: '{"a": 1' },
    ],
    [{ type: "tool-input-end", id: "c" }],
    [
      { type: "step-end", usage: noUsage },
      { type: "finish", reason: "tool-calls", usage: noUsage, steps: 1 },
    ],
  ];
  const events = () => play(batches);
  const whole = ({ path, body }: typeof chat | typeof messages) => ({ path, body: { ...body, stream: false } });

  test("is an error to an Anthropic client, who would run the tool with nothing", async () => {
    await using server = startTestServer({ events });
    const answer = await post(server.url, whole(messages));
    expect(answer.status).toBe(502);
    const error = { type: "api_error", message: expect.stringMatching(/lookup .* no JSON object\. Send .* again/) };
    expect(await answer.json()).toMatchObject({ type: "error", error });
    const text = await (await post(server.url, messages)).text();
    expect(text).toMatch(/"partial_json":.*\n\nevent: error\ndata: .*lookup.*\n\n$/);
    expect(server.rows).toMatchObject([
      { status: 502, errorKind: "upstream" },
      { status: 200, errorKind: "upstream" },
    ]);
  });

  test("goes as the model wrote it to a client whose format has it as a text", async () => {
    await using server = startTestServer({ events });
    const answer = await post(server.url, whole(chat));
    expect(await answer.json()).toMatchObject({
      choices: [{ finish_reason: "tool_calls", message: { tool_calls: [{ function: { arguments: '{"a": 1' } }] } }],
    });
    expect(await (await post(server.url, chat)).text()).toEndWith("data: [DONE]\n\n");
  });
});

test("each batch of events is one write, sent when it comes", async () => {
  const gate = Promise.withResolvers<void>();
  const [first = [], ...rest] = textEvents("Hello");
  async function* stepwise(): AsyncGenerator<readonly ModelEvent[]> {
    yield first;
    yield [{ type: "text-delta", id: "t1", text: "A" }];
    await gate.promise;
    yield* rest;
  }
  await using server = startTestServer({ events: stepwise });
  const { reader } = await readUntil(await post(server.url, chat), '"A"');
  gate.resolve();
  await reader?.cancel();
});

// proves("stream-cancel")
test("a client that leaves ends the turn at once, streamed or not", async () => {
  const calls: Call[] = [];
  await using server = startTestServer({
    events(_request, call) {
      calls.push(call);
      return stuck(call);
    },
  });
  const controller = new AbortController();
  await readUntil(await post(server.url, chat, { signal: controller.signal }), "Hel");
  controller.abort();
  await until(() => calls[0]?.signal.aborted === true);
  await until(() => server.rows.length === 1);

  const whole = new AbortController();
  const waiting = fetch(server.url + chat.path, {
    method: "POST",
    body: JSON.stringify({ ...chat.body, stream: false }),
    signal: whole.signal,
  }).catch(() => "left");
  await until(() => calls.length === 2);
  whole.abort();
  expect(await waiting).toBe("left");
  await until(() => server.rows.length === 2);
  for (const row of server.rows) expect(row).toMatchObject({ status: 499, errorKind: "cancelled" });
  expect(server.server.activeRequests()).toBe(0);
});

test("a client that leaves before the first event ends the turn too", async () => {
  await using server = startTestServer();
  const seen = Promise.withResolvers<Call>();
  server.gateway.script.events = (_request, call) => {
    seen.resolve(call);
    return stuck(call);
  };
  server.gateway.script.started = false;
  const controller = new AbortController();
  const response = await post(server.url, messages, { signal: controller.signal });
  const { signal } = await seen.promise;
  controller.abort();
  await until(() => signal.aborted);
  await response.text().catch(() => "");
});

test("a client that leaves while the turn is being started is not forgotten", async () => {
  const started = Promise.withResolvers<void>();
  await using server = startTestServer();
  server.gateway.script.before = started.promise;
  const controller = new AbortController();
  const left = post(server.url, chat, { signal: controller.signal }).catch(() => "left");
  await until(() => server.gateway.calls.length === 1);
  controller.abort();
  expect(await left).toBe("left");
  await until(() => server.gateway.calls[0]?.call.signal.aborted === true);
  started.resolve();
  await until(() => server.rows.length === 1);
  expect(server.rows).toMatchObject([{ status: 499, errorKind: "cancelled" }]);
  expect(server.server.activeRequests()).toBe(0);
});

test("a client that leaves in the middle of its body is not forgotten", async () => {
  await using server = startTestServer();
  const socket = await Bun.connect({ hostname: "127.0.0.1", port: server.port, socket: { data: () => {} } });
  socket.write("POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{");
  await until(() => server.server.activeRequests() === 1);
  socket.terminate();
  await until(() => server.rows.length === 1);
  expect(server.rows).toMatchObject([{ status: 499, errorKind: "cancelled" }]);
});

test("a client that does not read holds the turn back instead of filling memory", async () => {
  let batches = 0;
  async function* endless(_request: unknown, { signal }: Call): AsyncGenerator<readonly ModelEvent[]> {
    yield [startEvent, { type: "text-start", id: "t1" }];
    while (!signal.aborted) {
      batches += 1;
      yield [{ type: "text-delta", id: "t1", text: "x".repeat(10_000) }];
      if (batches % 10 === 0) await Bun.sleep(0);
    }
  }
  await using server = startTestServer({ events: endless });
  const socket = await Bun.connect({ hostname: "127.0.0.1", port: server.port, socket: { data: () => {} } });
  socket.pause();
  socket.write(rawPost(chat));
  // Once the buffers on the way are full it stands still; without back-pressure it never would.
  let held = 0;
  await until(async () => {
    const before = batches;
    await Bun.sleep(50);
    held = batches;
    return held > 0 && held === before;
  });
  expect(held * 10_000).toBeLessThan(64 * 1024 * 1024);
  socket.terminate();
  await until(() => server.server.activeRequests() === 0);
});

test.concurrent("an answer that nobody reads is a failure in the log when the server stops", async () => {
  const server = startTestServer({ events: (_request, call) => stuck(call) });
  const body = JSON.stringify({ ...chat.body, stream: true });
  await server.server.fetch(new Request(server.url + chat.path, { method: "POST", body }));
  await server.server.stop(0);
  expect(server.rows).toMatchObject([{ status: 200, finishReason: null, errorKind: "unavailable" }]);
});

test.concurrent("stopping refuses new work, lets answers finish, then ends the rest with an error of their own format", async () => {
  const finishing = Promise.withResolvers<void>();
  const server = startTestServer();
  server.gateway.script.events = (request, call) => {
    if (request.wireFormat === "openai-chat") return stuck(call);
    return (async function* () {
      const [first = [], ...rest] = textEvents("Hello");
      yield first;
      await finishing.promise;
      yield* play(rest);
    })();
  };
  const cut = await post(server.url, chat);
  const kept = await post(server.url, messages);
  const stopped = server.server.stop(500);
  const refused = await post(server.url, messages);
  expect([refused.status, refused.headers.get("connection")]).toEqual([503, "close"]);
  expect(await refused.json()).toMatchObject({
    type: "error",
    error: { message: expect.stringContaining("shutting down") },
  });
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(503);
  expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  finishing.resolve();
  expect(await kept.text()).toEndWith('data: {"type":"message_stop"}\n\n');
  const text = await cut.text();
  expect(text).toContain("shutting down");
  expect(text).not.toContain("[DONE]");
  await stopped;
  expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  expect(server.rows.filter(({ path }) => path === chat.path)).toMatchObject([
    { status: 200, errorKind: "unavailable" },
  ]);
});

test("a connection can be used again after a stream", async () => {
  await using server = startTestServer();
  const received = await exchangeBytes(server.port, rawPost(chat) + rawPost(chat));
  expect(received.match(/\[DONE\]/g)).toHaveLength(2);
});

test.each([true, false])("an answer that cannot be kept loses nothing by it (streamed: %p)", async (stream) => {
  const responses = {
    save() {
      throw new Error("database or disk is full");
    },
    find: () => undefined,
    remove: () => false,
  };
  await using server = startTestServer({}, {}, { responses });
  const body = JSON.stringify({ model: "x", input: "Hi", stream });
  const response = await fetch(`${server.url}/v1/responses`, { method: "POST", body });
  const text = await response.text();
  expect(response.status).toBe(200);
  expect(text).toContain(stream ? "event: response.completed" : '"status":"completed"');
  expect(server.rows).toMatchObject([{ status: 200, finishReason: "stop", errorKind: "internal" }]);
});
