import { expect, test } from "bun:test";

import * as v from "valibot";

import type { ResponseStore } from "#core/stored-response.ts";
import { play, stuck, textEvents } from "#server/testing/scripted-gateway.ts";
import { startTestServer, type TestServer, until } from "#server/testing/test-server.ts";
import { memoryDatabase } from "#sessions/testing/test-sessions.ts";
import { createResponseStore } from "#store/responses.ts";
import { responseSchema } from "#wire/openai-responses/schema.ts";

function openStore(): ResponseStore {
  return createResponseStore(memoryDatabase(), { mostBytes: 1_000_000, onUnreadable: () => undefined });
}

function start(responses: ResponseStore | undefined = openStore()): TestServer {
  return startTestServer({ events: () => play(textEvents("Hello")) }, {}, { responses });
}

interface Body {
  readonly [key: string]: unknown;
  readonly id: string;
}

async function post(server: TestServer, body: object, path = "/v1/responses") {
  const response = await fetch(server.url + path, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Body }; // The API's own shape, or an error's.
}

async function get(server: TestServer, path: string, init: RequestInit = {}) {
  const response = await fetch(server.url + path, init);
  return { status: response.status, body: (await response.json()) as Body }; // The same.
}

const lastAsked = ({ gateway }: TestServer) =>
  gateway.calls.at(-1)?.request.messages.map(({ role, content }) => [role, JSON.stringify(content)]);

// proves("api-openai-responses")
test("a response is kept, and what goes on from it carries the whole conversation", async () => {
  await using server = start();
  const first = await post(server, { input: "one" });
  expect(first.body).toMatchObject({ object: "response", status: "completed", store: true });
  expect((await get(server, `/v1/responses/${first.body.id}`)).body).toEqual(first.body);
  const second = await post(server, { input: "two", previous_response_id: first.body.id });
  await post(server, { input: "three", previous_response_id: second.body.id });
  expect(lastAsked(server)?.map(([role, text]) => [role, /one|two|three|Hello/.exec(text ?? "")?.[0]])).toEqual([
    ["user", "one"],
    ["assistant", "Hello"],
    ["user", "two"],
    ["assistant", "Hello"],
    ["user", "three"],
  ]);
});

test("who made it, and as what, is known to what goes on from it", async () => {
  await using server = startTestServer(
    { events: () => play(textEvents("Hello")), head: { backend: "codex-cli", modelSent: "gpt-5.5" } },
    {},
    { responses: openStore() },
  );
  const { body } = await post(server, { input: "one" });
  await post(server, { input: "two", previous_response_id: body.id });
  const makers = server.gateway.calls.map(({ call }) => call.route.maker);
  expect(makers).toEqual([undefined, { backend: "codex-cli", model: "gpt-5.5" }]);
});

test("a response that is over is not taken for a stream", async () => {
  await using server = start();
  const { body } = await post(server, { input: "one" });
  const refused = await get(server, `/v1/responses/${body.id}?stream=true`);
  expect(refused).toMatchObject({ status: 400, body: { error: { param: "stream" } } });
  expect(await get(server, `/v1/responses/${body.id}?stream=false`)).toMatchObject({ status: 200 });
});

test("what goes on from a summary carries that in the place of all before it", async () => {
  await using server = start();
  const first = await post(server, { input: "one" });
  const summary = await post(server, { input: [{ type: "compaction_trigger" }], previous_response_id: first.body.id });
  expect(summary.body["output"]).toMatchObject([{ type: "compaction" }]);
  const third = await post(server, { input: "three", previous_response_id: summary.body.id });
  expect(third.status).toBe(200);
  const [[role, text] = [], ...others] = lastAsked(server) ?? [];
  expect([role, others]).toEqual(["user", []]);
  expect(text).toMatch(/summary.*Hello.*three/);
  expect(text).not.toContain('"one"');
});

test("a streamed response is kept before its client knows that it is over", async () => {
  await using server = start();
  const response = await fetch(`${server.url}/v1/responses`, {
    method: "POST",
    body: JSON.stringify({ input: "one", stream: true }),
  });
  const [, id = ""] = /"id":"(resp_\w+)"/.exec(await response.text()) ?? [];
  expect((await get(server, `/v1/responses/${id}`)).body).toMatchObject({ id, status: "completed" });
});

test("its input can be listed, and it can be forgotten", async () => {
  await using server = start();
  const { id } = (
    await post(server, {
      input: [
        { role: "user", content: "a" },
        { role: "user", content: "b", id: "mine" },
      ],
    })
  ).body;
  const { body } = await get(server, `/v1/responses/${id}/input_items?order=asc&limit=1`);
  expect(body).toMatchObject({
    object: "list",
    data: [
      {
        type: "message",
        status: "completed",
        content: [{ type: "input_text", text: "a" }],
        id: expect.stringMatching(/^in_/),
      },
    ],
    has_more: true,
  });
  const rest = await get(server, `/v1/responses/${id}/input_items?order=asc&after=${String(body["last_id"])}`);
  expect(rest.body).toMatchObject({ data: [{ id: "mine" }], has_more: false });
  expect((await get(server, `/v1/responses/${id}`, { method: "DELETE" })).body).toEqual({
    id,
    object: "response",
    deleted: true,
  });
  for (const method of ["GET", "DELETE"])
    expect((await get(server, `/v1/responses/${id}`, { method })).status).toBe(404);
  const next = await post(server, { input: "more", previous_response_id: id });
  expect(next).toMatchObject({ status: 400, body: { error: { param: "previous_response_id" } } });
});

test("items of a kept response may be referred to", async () => {
  await using server = start();
  const { output } = (await post(server, { input: "one" })).body;
  const [item] = output as readonly { readonly id: string }[]; // As documented.
  const reference = (id: string) => ({
    input: [
      { role: "user", content: "one" },
      { type: "item_reference", id },
      { role: "user", content: "two" },
    ],
  });
  expect((await post(server, reference(item?.id ?? ""))).status).toBe(200);
  expect(lastAsked(server)?.[1]).toEqual(["assistant", expect.stringContaining("Hello")]);
  expect(await post(server, reference("msg_nope_0"))).toMatchObject({
    status: 400,
    body: { error: { param: "input[1].id" } },
  });
});

test("one that its client will not have kept is not, nor is any where none may be", async () => {
  await using server = start();
  const { body } = await post(server, { input: "one", store: false });
  expect(body["store"]).toBe(false);
  expect((await get(server, `/v1/responses/${body.id}`)).status).toBe(404);
  await using other = startTestServer({ events: () => play(textEvents("Hello")) });
  expect((await post(other, { input: "one" })).body["store"]).toBe(false);
});

test("one that is being made can be cancelled by its id, twice, and one that is over cannot", async () => {
  await using server = startTestServer(
    {
      events: ({ messages }, call) =>
        JSON.stringify(messages).includes("stuck") ? stuck(call) : play(textEvents("Hi")),
    },
    {},
    { responses: openStore() },
  );
  const response = await fetch(`${server.url}/v1/responses`, {
    method: "POST",
    body: JSON.stringify({ input: "stuck", stream: true, background: true, metadata: { a: "b" } }),
  });
  const reader = response.body?.getReader();
  const head = Buffer.from((await reader?.read())?.value ?? []).toString();
  const [, id = ""] = /"id":"(resp_\w+)"/.exec(head) ?? [];
  const cancel = (path = id) => post(server, {}, `/v1/responses/${path}/cancel`);
  const cut = await cancel();
  expect(v.parse(responseSchema, cut.body)).toMatchObject({
    id,
    status: "cancelled",
    model: "claude-test-1",
    output: [{ type: "message", status: "incomplete", content: [{ text: "Hel" }] }],
    background: false,
    metadata: { a: "b" },
  });
  await until(() => server.rows.some(({ errorKind }) => errorKind === "cancelled"));
  expect(await cancel()).toEqual(cut);
  expect((await get(server, `/v1/responses/${id}`)).body).toEqual(cut.body);
  const whole = await post(server, { input: "one" });
  expect(await cancel(whole.body.id)).toMatchObject({
    status: 400,
    body: { error: { type: "invalid_request_error" } },
  });
  expect(await cancel("resp_nope")).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
});

test("WebSocket is refused in a way that has Codex send it by POST", async () => {
  await using server = start();
  const upgrade = {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
  };
  expect((await get(server, "/v1/responses", upgrade)).status).toBe(426);
  expect((await get(server, "/v1/responses")).status).toBe(405);
});

test("a conversation kept elsewhere is refused with what to use instead", async () => {
  await using server = start();
  expect(await post(server, { input: "one", conversation: "conv_1" })).toMatchObject({
    status: 400,
    body: { error: { param: "conversation", message: expect.stringContaining("previous_response_id") } },
  });
});
