import { afterAll, beforeEach, expect, test } from "bun:test";

import type { ModelRequest, WireFormatId } from "#core/request.ts";

import { alices as context, backendAt, hello } from "./testing/backend-at.ts";

const asked: (string | null)[] = [];
beforeEach(() => {
  asked.length = 0;
});
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch({ headers }) {
    asked.push(headers.get("anthropic-beta"));
    return Response.json({ input_tokens: 1 });
  },
});
afterAll(() => server.stop(true));

const backendFor = (format: WireFormatId, headers = {}) => backendAt({ format, baseUrl: server.url.href, headers });

const request: ModelRequest = { ...hello, features: { betas: ["one-2030-01-01", "two"] } };

// proves("request-ignored-params")
test("betas reach Anthropic's API beside those that the configuration names, also where tokens are counted", async () => {
  await Array.fromAsync(backendFor("anthropic-messages").run(request, context));
  await backendFor("anthropic-messages", { "anthropic-beta": "set" }).countTokens(request, context);
  expect(asked).toEqual(["one-2030-01-01,two", "set, one-2030-01-01,two"]);
});

test("a request without any says nothing of them", async () => {
  await Array.fromAsync(backendFor("anthropic-messages").run({ ...request, features: {} }, context));
  expect(asked).toEqual([null]);
});

test.each(["openai-chat", "openai-responses"] as const)("%s has no word for them, and says so", async (format) => {
  expect(backendFor(format).unsupported(request, context)).toContain("betas");
  await Array.fromAsync(backendFor(format).run(request, context));
  expect(asked).toEqual([null]);
});
