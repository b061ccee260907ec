import { expect, test } from "bun:test";

import { knownSession } from "#server/testing/scripted-gateway.ts";
import { startTestServer } from "#server/testing/test-server.ts";

test("a session is shown without what was said in it", async () => {
  await using server = startTestServer();
  const response = await fetch(`${server.url}/sessions/${knownSession.id}`);
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      id: "known",
      object: "session",
      named: true,
      mode: "chat",
      workspace: null,
      model: "sonnet",
      turns: 2,
      running: 1,
      waiting: 0,
      created_at: "1970-01-01T00:00:00.000Z",
      last_used_at: "1970-01-01T00:00:01.000Z",
      backend_session: "s-1",
    },
  ]);
});

test("it is deleted and interrupted; one that nobody has is a 404 with a way out", async () => {
  await using server = startTestServer();
  const ask = async (method: string, path: string) => {
    const response = await fetch(`${server.url}${path}`, { method });
    return [response.status, await response.json()];
  };
  expect(await ask("DELETE", "/sessions/known")).toEqual([200, { id: "known", object: "session", deleted: true }]);
  expect(await ask("POST", "/sessions/known/interrupt")).toEqual([
    200,
    { id: "known", object: "session", interrupted: 1 },
  ]);
  expect(await ask("GET", "/sessions")).toEqual([200, { object: "list", data: [], has_more: false }]);
  for (const [method, path] of [
    ["GET", "/sessions/none"],
    ["DELETE", "/sessions/none"],
    ["POST", "/sessions/none/interrupt"],
  ] as const)
    expect(await ask(method, path)).toMatchObject([
      404,
      { error: { message: expect.stringContaining("GET /sessions") } },
    ]);
});

test("a request says what it calls its session, in its path or its headers", async () => {
  await using server = startTestServer();
  const post = async (path: string, headers: Record<string, string> = {}) => {
    const body = JSON.stringify({ max_tokens: 9, messages: [{ role: "user", content: "hi" }] });
    const response = await fetch(server.url + path, { method: "POST", headers, body });
    await response.text();
    return response.status;
  };
  const last = () => server.gateway.calls.at(-1)?.call;
  for (const base of ["/sdk", "/claude"])
    for (const path of ["/v1/messages", "/v1/chat/completions"]) {
      expect(await post(`${base}/gr%C3%B6%C3%9Fe/${path}`, { "x-cc-session": "other" })).toBe(400);
      expect(await post(`${base}/gr%C3%B6%C3%9Fe/${path}`)).toBe(200);
      expect(last()).toMatchObject({ sessionIds: { named: "größe" }, interrupts: false });
    }
  expect(await post("/v1/messages", { "x-cc-session": "s", "x-ccproxy-busy": "interrupt" })).toBe(200);
  expect(last()).toMatchObject({ sessionIds: { named: "s" }, interrupts: true });
  expect(await post("/v1/messages", { "x-ccproxy-busy": "later" })).toBe(400);
  for (const path of ["/sdk/v1/v1/messages", "/claude/sdk/v1/messages"]) expect(await post(path)).toBe(404);
});
