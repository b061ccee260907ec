import { afterAll, expect, test } from "bun:test";

import type { RelayContext } from "#core/backend.ts";
import { createCredential } from "#credentials/credential.ts";

import { alices, backendAt, hello } from "./testing/backend-at.ts";

const key = "a-key.of-no+known/look";
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: ({ headers }) =>
    Response.json(
      {
        error: {
          message: `Incorrect API key provided: ${headers.get("authorization")?.replace("Bearer ", "")}`,
          type: "invalid_request_error",
        },
      },
      { status: 401, headers: { "x-was": "refused" } },
    ),
});
afterAll(() => server.stop(true));

const backend = backendAt({
  format: "openai-chat",
  baseUrl: server.url.href,
  credentials: [createCredential({ label: "ACME_KEY", keep: false, read: () => key })],
});

test("a refusal that repeats the key is passed on without it, and told so", async () => {
  const json = { model: "m", messages: [] };
  const told: unknown[] = [];
  const context: RelayContext = {
    principal: "alice",
    session: undefined,
    signal: new AbortController().signal,
    report: () => undefined,
    note: (event) => told.push(event),
  };
  const answer = await backend.relay?.(
    {
      wireFormat: "openai-chat",
      method: "POST",
      path: "/v1/chat/completions",
      headers: new Headers(),
      body: new TextEncoder().encode(JSON.stringify(json)),
      json,
    },
    context,
  );
  expect(answer?.status).toBe(401);
  expect(answer?.headers.get("x-was")).toBe("refused");
  const body = answer?.body instanceof Uint8Array ? new TextDecoder().decode(answer.body) : "";
  expect(JSON.parse(body).error).toEqual({
    message: "Incorrect API key provided: [redacted]",
    type: "invalid_request_error",
  });
  expect(told).toMatchObject([{ type: "error", error: { kind: "authentication" } }]);
  expect(JSON.stringify(told)).not.toContain(key);
});

test("nor is it in the error where the request was translated", async () => {
  const batches = await Array.fromAsync(backend.run(hello, alices));
  const [event] = batches.flat();
  expect(event).toMatchObject({ type: "error", error: { kind: "authentication" } });
  expect(event?.type === "error" && event.error.message).not.toContain(key);
});

test("nor is it where the list of models is refused", async () => {
  const error = await backend.listModels(alices.signal).catch((thrown: unknown) => String(thrown));
  expect(error).toContain("Incorrect API key provided");
  expect(error).not.toContain(key);
});
