import { expect, test } from "bun:test";

import { stuck } from "#server/testing/scripted-gateway.ts";
import { startTestServer, type TestServer, until } from "#server/testing/test-server.ts";

const messages = [{ role: "user", content: "Hi" }];
const formats = [
  ["/v1/chat/completions", { messages }, '"code":"cancelled"'],
  ["/v1/messages", { model: "x", max_tokens: 9, messages }, '"type":"request_cancelled"'],
] as const;

const ask = ({ url }: TestServer, path: string, body: object, id = "mine/1") =>
  fetch(url + path, { method: "POST", body: JSON.stringify(body), headers: { "x-request-id": id } });
const cancel = ({ url }: TestServer, id: string, init: RequestInit = {}, prefix = "") =>
  fetch(`${url}${prefix}/v1/requests/${encodeURIComponent(id)}`, { method: "DELETE", ...init });
const stuckTurn = { events: (_: unknown, call: Parameters<typeof stuck>[0]) => stuck(call) };

for (const [path, body, shown] of formats) {
  test(`${path}: a stream that is cancelled ends with the format's error, and its row says so`, async () => {
    await using server = startTestServer(stuckTurn);
    const response = await ask(server, path, { ...body, stream: true });
    const cancelled = await cancel(server, "mine/1");
    expect([cancelled.status, await cancelled.json()]).toEqual([
      200,
      { id: "mine/1", object: "request", status: "cancelled" },
    ]);
    const text = await response.text();
    expect(text.match(/"error":/g)).toHaveLength(1);
    expect(text).toContain(shown);
    expect(text).not.toMatch(/\[DONE\]|message_stop/);
    expect(server.gateway.calls[0]?.call.signal.aborted).toBe(true);
    await until(() => server.rows.length === 2);
    expect(server.rows.find(({ requestId }) => requestId === "mine/1")).toMatchObject({
      status: 499,
      errorKind: "cancelled",
      finishReason: null,
    });
  });

  test(`${path}: a whole answer that is cancelled is an error`, async () => {
    await using server = startTestServer(stuckTurn);
    const answer = ask(server, path, body);
    await until(() => server.gateway.calls.length === 1);
    await cancel(server, "mine/1", {}, "/claude");
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([499, expect.stringContaining(shown)]);
  });
}

test("what is not running, or is no turn, is a 404", async () => {
  await using server = startTestServer();
  const [path, body] = formats[0];
  await (await ask(server, path, body)).text();
  for (const id of ["mine/1", "never"]) {
    const response = await cancel(server, id, { headers: { "x-request-id": id, "anthropic-version": "2023-06-01" } });
    expect([response.status, await response.json()]).toEqual([
      404,
      expect.objectContaining({ error: expect.objectContaining({ type: "not_found_error" }) }),
    ]);
  }
});

test("all turns that carry the id are cancelled, and no other", async () => {
  await using server = startTestServer(stuckTurn);
  const [path, body] = formats[0];
  const answers = ["a", "a", "b"].map((id) => ask(server, path, body, id));
  await until(() => server.gateway.calls.length === 3);
  await cancel(server, "a");
  expect((await answers[0])?.status).toBe(499);
  expect((await answers[1])?.status).toBe(499);
  expect(server.server.activeRequests()).toBe(1);
});

test("a turn that waits for results of its client's tools is cancelled by the request it answered last", async () => {
  await using server = startTestServer();
  const response = await cancel(server, "waits");
  expect([response.status, await response.json()]).toEqual([
    200,
    { id: "waits", object: "request", status: "cancelled" },
  ]);
});

test("without the access token nothing is cancelled", async () => {
  await using server = startTestServer(stuckTurn, { accessTokens: { plain: "secret-token" } });
  expect((await cancel(server, "a")).status).toBe(401);
});
