import { afterAll, expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { turnParameters } from "./openapi/parts.ts";
import { ourHeaders } from "./request-headers.ts";
import { routes } from "./routes/table.ts";
import { play, textEvents } from "./testing/scripted-gateway.ts";
import { exchangeBytes, startTestServer } from "./testing/test-server.ts";

const open = startTestServer();
const closed = startTestServer({}, { accessTokens: { plain: "let-me-in" }, corsOrigins: ["https://app.example"] });
afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await closed[Symbol.asyncDispose]();
});

const chatBody = JSON.stringify({ model: "sonnet", messages: [{ role: "user", content: "Hi" }] });
const messagesBody = JSON.stringify({ model: "sonnet", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] });

async function get(path: string, init: RequestInit = {}) {
  const response = await fetch(open.url + path, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

function lastRow() {
  return open.rows.at(-1);
}

// proves("api-openai-chat", "api-anthropic-messages", "api-prefixes-claude")
test.each(["", "/claude", "/sdk"])("both APIs answer under %p", async (prefix) => {
  const chat = await get(`${prefix}/v1/chat/completions`, { method: "POST", body: chatBody });
  expect(JSON.parse(chat.text)).toMatchObject({ choices: [{ message: { content: "Hello world" } }] });
  const message = await get(`${prefix}/v1/messages?beta=true`, { method: "POST", body: messagesBody });
  expect(JSON.parse(message.text)).toMatchObject({ type: "message", content: [{ type: "text", text: "Hello world" }] });
  const count = await get(`${prefix}/v1/messages/count_tokens`, { method: "POST", body: messagesBody });
  expect(JSON.parse(count.text)).toEqual({ input_tokens: 42 });
  expect(JSON.parse((await get(`${prefix}/v1/models`)).text).data).toHaveLength(3);
});

// proves("api-count-tokens")
test("a count is marked where it is an estimate, and needs no max_tokens", async () => {
  const count = (model: string) =>
    get("/v1/messages/count_tokens", {
      method: "POST",
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hi" }] }),
    });
  expect((await count("estimate")).headers.get("x-ccproxy-estimate")).toBe("true");
  const { headers } = await count("exact");
  expect(headers.has("x-ccproxy-estimate")).toBe(false);
  expect(headers.get("x-ccproxy-model")).toBe("exact");
  expect([headers.get("x-ccproxy-mode"), headers.get("x-ccproxy-tools")]).toEqual(["agent", "agent"]);
});

test("one model is found by id or alias; an unknown one is 404 in the client's format", async () => {
  expect(JSON.parse((await get("/v1/models/sonnet")).text).id).toBe("claude-test-1");
  expect(JSON.parse((await get("/v1/models/claude-test-2%5B1m%5D")).text).id).toBe("claude-test-2[1m]");
  expect((await get("/v1/models/claude-test-4")).text).toContain("Did you mean claude-test-1");
  for (const path of ["far/vendor/x:y", "far%2Fvendor/x%3Ay", "far/vendor%2Fx%3ay"]) {
    const far = await get(`/v1/models/${path}`);
    expect([far.status, JSON.parse(far.text).error.message]).toEqual([
      404,
      expect.stringContaining('"far/vendor/x:y"'),
    ]);
  }
  const openai = await get("/v1/models/none");
  expect([openai.status, JSON.parse(openai.text).error.code]).toEqual([404, "model_not_found"]);
  const anthropic = await get("/v1/models/none", { headers: { "anthropic-version": "2026-10-21" } });
  expect(JSON.parse(anthropic.text)).toMatchObject({ type: "error", error: { type: "not_found_error" } });
  expect((await get("/v1/models/%E0%A4%A")).status).toBe(404);
});

// proves("log-request-id")
test("answers say what made them and carry one request id, given or new", async () => {
  const { headers } = await get("/v1/chat/completions", {
    method: "POST",
    body: chatBody,
    headers: { "x-request-id": "mine-1", "x-ccproxy-mode": "chat" },
  });
  expect(headers.get("x-request-id")).toBe("mine-1");
  expect(headers.get("request-id")).toBe("mine-1");
  expect(headers.get("x-ccproxy-backend")).toBe("scripted");
  expect(headers.get("x-ccproxy-mode")).toBe("chat");
  expect(headers.get("x-ccproxy-model")).toBe("claude-test-1");
  expect(headers.get("x-ccproxy-backend-session")).toBe("s-1");
  expect(open.gateway.calls.at(-1)?.call).toMatchObject({ requestId: "mine-1", mode: "chat", strict: false });
});

// proves("log-request-id")
test("a request id that is not fit is replaced, and named as ignored", async () => {
  for (const given of ["bad id", "x".repeat(129)]) {
    const { headers } = await get("/nowhere", { headers: { "x-request-id": given } });
    expect(headers.get("x-request-id")).toMatch(/^req_/);
    expect(headers.get("x-ccproxy-ignored-params")).toBe("X-Request-Id");
  }
  expect((await get("/health", { headers: { "x-request-id": "" } })).headers.has("x-ccproxy-ignored-params")).toBe(
    false,
  );
});

// proves("request-ignored-params")
test("a header of ours that nobody reads is named on every answer, or refused with the nearest there is", async () => {
  const misspelt = { "X-CCProxy-Mod": "chat", "X-CC-Efort": "low" };
  for (const path of ["/v1/models", "/nowhere", "/health"]) {
    const { headers } = await get(path, { headers: misspelt });
    expect(headers.get("x-ccproxy-ignored-params")).toBe("x-cc-efort, x-ccproxy-mod");
  }
  expect(lastRow()?.ignoredFields).toEqual(["x-cc-efort", "x-ccproxy-mod"]);
  await get("/v1/chat/completions", { method: "POST", body: chatBody, headers: misspelt });
  expect(open.gateway.calls.at(-1)?.call.unreadHeaders).toEqual(["x-cc-efort", "x-ccproxy-mod"]);
  const refusalOf = async (name: string, value = "chat"): Promise<unknown> => {
    const headers = { "X-CCProxy-Strict": "true", [name]: value };
    return JSON.parse((await get("/v1/chat/completions", { method: "POST", body: chatBody, headers })).text).error;
  };
  expect(await refusalOf("X-CCProxy-Mod")).toMatchObject({
    type: "invalid_request_error",
    param: "x-ccproxy-mod",
    message: "There is no header x-ccproxy-mod here. Did you mean X-CCProxy-Mode?",
  });
  expect(await refusalOf("X-CCProxy-Quux")).toMatchObject({ message: expect.stringContaining("Leave it out") });
  expect(await refusalOf("X-Request-Id", "bad id")).toMatchObject({
    param: "X-Request-Id",
    message: expect.stringContaining('; got "bad id".'),
  });
});

test("what an Anthropic client says in headers is told on, as far as it means something", async () => {
  const headers = {
    "anthropic-beta": "effort-2025-11-24,model-context-window-exceeded-2025-08-26",
    "anthropic-version": "2099-01-01",
  };
  await get("/v1/chat/completions", { method: "POST", body: chatBody, headers });
  const { call } = open.gateway.calls.at(-1) ?? {};
  expect(call?.lostWhenRead?.()).toEqual(["anthropic-version"]);
  expect(call).toMatchObject({
    betas: {
      names: ["effort-2025-11-24", "model-context-window-exceeded-2025-08-26"],
      fields: ["anthropic-beta=model-context-window-exceeded-2025-08-26"],
    },
    unreadHeaders: [],
  });
});

test("a wrong value is told with what is allowed and the nearest of that", async () => {
  const headers = { "x-ccproxy-mode": "chatt" };
  const { text } = await get("/v1/chat/completions", { method: "POST", body: chatBody, headers });
  expect(JSON.parse(text).error.message).toBe(
    'The header X-CCProxy-Mode must be agent or chat; got "chatt". Did you mean chat?',
  );
});

test("the document lists each header of ours", () => {
  const documented = new Set(turnParameters.map(({ name }) => name.replace(/^X-CC(?:Proxy)?-/, "")));
  expect(ourHeaders.filter((what) => !documented.has(what))).toEqual([]);
});

test.each([
  ["x-ccproxy-mode", "turbo"],
  ["x-ccproxy-strict", "maybe"],
  ["x-ccproxy-verbosity", "loud"],
  ["x-cc-verbosity", "loud"],
  ["x-cc-effort", "none"],
  ["x-ccproxy-effort", "most"],
])("a wrong %s is named", async (name, value) => {
  const { status, text } = await get("/v1/chat/completions", {
    method: "POST",
    body: chatBody,
    headers: { [name]: value },
  });
  expect(status).toBe(400);
  expect(JSON.parse(text).error.param.toLowerCase()).toBe(name);
});

test.each([
  [{ "x-ccproxy-verbosity": " Verbose " }, "verbose"],
  [{ "x-cc-verbosity": "narrated" }, "narrated"],
  [{ "x-cc-verbosity": "text" }, "text-only"],
  [{ "x-cc-verbosity": "default" }, "text-only"],
  [{ "x-cc-verbosity": "loud", "x-ccproxy-verbosity": "forward" }, "forward"],
  [{ "x-cc-verbosity": "" }, undefined],
] as const)("%p asks to see %p", async (headers, verbosity) => {
  await get("/v1/chat/completions", { method: "POST", body: chatBody, headers });
  expect(open.gateway.calls.at(-1)?.call.verbosity).toBe(verbosity);
});

test.each([
  [{ "x-cc-effort": "xhigh" }, { effort: "xhigh", effortField: "X-CC-Effort", model: undefined }],
  [{ "x-ccproxy-effort": "Low" }, { effort: "low", effortField: "X-CCProxy-Effort", model: undefined }],
  [{ "x-cc-claude-model": " Claude-X[1m] " }, { effort: undefined, model: "Claude-X[1m]" }],
  [{ "x-cc-claude-model": "" }, { effort: undefined, model: undefined }],
] as const)("%p asks for %p", async (headers, asked) => {
  await get("/v1/chat/completions", { method: "POST", body: chatBody, headers });
  expect(open.gateway.calls.at(-1)?.call).toMatchObject(asked);
});

test.each([
  ["x-cc-workspace", "site"],
  ["x-ccproxy-workspace", "/home/jos%C3%A9/a%20b"],
])("%s names a workspace, percent-encoded", async (name, value) => {
  await get("/v1/chat/completions", { method: "POST", body: chatBody, headers: { [name]: value } });
  expect(open.gateway.calls.at(-1)?.call.workspace).toBe(decodeURIComponent(value));
});

// proves("api-unknown-route")
test("an unknown path is 404 in the format of the path, with a way out", async () => {
  const openai = await get("/v1/nothing");
  expect([openai.status, JSON.parse(openai.text).error.type]).toEqual([404, "invalid_request_error"]);
  const anthropic = await get("/claude/v1/messages/batches");
  expect([anthropic.status, JSON.parse(anthropic.text).error.type]).toEqual([404, "not_found_error"]);
  expect((await get("/v1/v1/messages")).text).toContain("Leave /v1 out");
  expect((await get("/chat/completions")).text).toContain("Put /v1 at the end");
});

test("a wrong method is 405 with Allow, in the format of the path", async () => {
  const chat = await get("/v1/chat/completions");
  expect([chat.status, chat.headers.get("allow")]).toEqual([405, "POST"]);
  const messages = await get("/sdk/v1/messages", { method: "DELETE" });
  expect([messages.status, JSON.parse(messages.text).type]).toEqual([405, "error"]);
  const models = await get("/v1/models/x", { method: "PUT" });
  expect([models.status, models.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  expect((await get("/v1/models", { method: "OPTIONS" })).status).toBe(405);
});

test("doubled and trailing slashes, and methods in HEAD, do not matter", async () => {
  expect((await get("//v1//chat/completions/", { method: "POST", body: chatBody })).status).toBe(200);
  const { status, text } = await get("/", { method: "HEAD" });
  expect([status, text]).toEqual([200, ""]);
  expect((await get("/v1/models", { method: "HEAD" })).status).toBe(200);
  for (const path of ["/api/hello", "/claude/api/hello"])
    expect((await get(path, { method: "HEAD" })).status).toBe(200);
});

// proves("auth-rebinding")
test("requests addressed to another name are refused, whatever form they have", async () => {
  const bytes = (target: string, host: string) =>
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  for (const host of ["evil.example", "a b/c@d", "localhost@evil.example"])
    expect(await exchangeBytes(open.port, bytes("/v1/models", host))).toMatch(/^HTTP\/1.1 403 .*permission_denied/s);
  expect(await exchangeBytes(open.port, bytes("http://evil.example/v1/models", "localhost"))).toStartWith(
    "HTTP/1.1 200",
  );
  expect(await exchangeBytes(open.port, "GET /healthz HTTP/1.0\r\n\r\n")).toStartWith("HTTP/1.1 200");
  // The URL standard reads backslashes as slashes, and so this as a host with an impossible port.
  expect(await exchangeBytes(open.port, "GET /\\evil:999999/x HTTP/1.0\r\n\r\n")).toMatch(
    /^HTTP\/1.1 404 .*not_found/s,
  );
  expect((await get("/v1/messages", { method: "POST", headers: { origin: "https://evil.example" } })).text).toContain(
    "permission_error",
  );
});

// proves("auth-token", "auth-x-api-key")
test("with a token, every route that answers for the API asks for it, and no other", async () => {
  for (const { method, path, open: isOpen } of routes) {
    const response = await fetch(closed.url + path.replace(":id", "x"), { method });
    expect([path, response.status === 401]).toEqual([path, !isOpen]);
    await response.text();
  }
  const refused = await fetch(`${closed.url}/v1/messages`, { method: "POST", headers: { "x-api-key": "wrong" } });
  expect(refused.headers.get("www-authenticate")).toBe("Bearer");
  expect(await refused.json()).toMatchObject({ type: "error", error: { type: "authentication_error" } });
  const bearer = await fetch(`${closed.url}/v1/models`, { headers: { authorization: "Bearer let-me-in" } });
  expect(bearer.status).toBe(200);
  const key = await fetch(`${closed.url}/v1/models`, { headers: { "x-api-key": "let-me-in" } });
  expect(key.status).toBe(200);
});

test("pages of a configured origin may call; their preflight needs no token", async () => {
  const origin = "https://app.example";
  const preflight = await fetch(`${closed.url}/v1/messages`, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-api-key" },
  });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, origin]);
  const refused = await fetch(`${closed.url}/v1/models`, { headers: { origin } });
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, origin]);
  expect((await get("/v1/models", { headers: { origin: open.url } })).headers.has("access-control-allow-origin")).toBe(
    false,
  );
});

test("the log has one row for each request, with what it was and became", async () => {
  const before = open.rows.length;
  await get("/v1/messages?key=secret", { method: "POST", body: messagesBody, headers: { "user-agent": "tester/1" } });
  expect(open.rows.length).toBe(before + 1);
  expect(lastRow()).toMatchObject({
    method: "POST",
    path: "/v1/messages",
    wireFormat: "anthropic-messages",
    status: 200,
    finishReason: "stop",
    modelAsked: "sonnet",
    streaming: false,
    principal: "local",
    clientAddress: "127.0.0.1",
    userAgent: "tester/1",
    bytesIn: messagesBody.length,
    errorKind: null,
  });
  const { text } = await get("/v1/messages", { method: "POST", body: "{" });
  expect(lastRow()).toMatchObject({ status: 400, errorKind: "invalid-request", bytesOut: text.length });
  expect(open.server.activeRequests()).toBe(0);
});

// proves("stream-true-status")
test("a refusal of the gateway is told with its status before any byte of an answer", async () => {
  await using limited = startTestServer({
    refusal: new GatewayError("rate-limit", "Too much.", { retryAfterSeconds: 7 }),
  });
  for (const [path, body, type] of [
    ["/v1/chat/completions", { stream: true, messages: [{ role: "user", content: "Hi" }] }, "requests"],
    [
      "/v1/messages",
      { model: "x", max_tokens: 9, stream: true, messages: [{ role: "user", content: "Hi" }] },
      "rate_limit_error",
    ],
  ] as const) {
    const response = await fetch(limited.url + path, { method: "POST", body: JSON.stringify(body) });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(await response.json()).toMatchObject({ error: { type } });
  }
});

test("an answer that breaks off before it is whole is an error, not a part of an answer", async () => {
  const error = new GatewayError("upstream", "It broke.");
  await using broken = startTestServer({
    events: () => play([...textEvents("Hello").slice(0, 2), [{ type: "error", error }]]),
  });
  const response = await fetch(`${broken.url}/v1/chat/completions`, { method: "POST", body: chatBody });
  expect(response.status).toBe(502);
  expect(response.headers.get("x-ccproxy-backend-session")).toBe("s-1");
  expect(await response.json()).toMatchObject({ error: { message: "It broke." } });
});

test("a fault of ours says nothing of the inside", async () => {
  await using faulty = startTestServer({
    events() {
      throw new TypeError("secret detail");
    },
  });
  const response = await fetch(`${faulty.url}/v1/messages`, { method: "POST", body: messagesBody });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("secret");
  expect(faulty.rows[0]).toMatchObject({ status: 500, errorKind: "internal" });
});

test("two servers cannot share a port", () => {
  expect(() => startTestServer({}, { port: open.port })).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
});

test("the address to show works also when the server is bound to all", async () => {
  await using everywhere = startTestServer({}, { host: "0.0.0.0" });
  expect(everywhere.url).toBe(`http://127.0.0.1:${everywhere.port}`);
});
