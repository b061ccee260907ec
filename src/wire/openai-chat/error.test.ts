import { describe, expect, test } from "bun:test";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import OpenAI from "openai";

import { type ErrorKind, GatewayError, type GatewayErrorOptions } from "#core/errors.ts";

import { encodeError, encodeErrorFrame } from "./error.ts";

const statuses: [ErrorKind, number, string, string | null][] = [
  ["invalid-request", 400, "invalid_request_error", null],
  ["context-length", 400, "invalid_request_error", "context_length_exceeded"],
  ["authentication", 401, "invalid_request_error", "invalid_api_key"],
  ["billing", 402, "insufficient_quota", "insufficient_quota"],
  ["permission", 403, "permission_denied", "permission_denied"],
  ["not-found", 404, "invalid_request_error", "not_found"],
  ["model-not-found", 404, "invalid_request_error", "model_not_found"],
  ["method-not-allowed", 405, "invalid_request_error", "method_not_allowed"],
  ["conflict", 409, "invalid_request_error", "conflict"],
  ["request-too-large", 413, "invalid_request_error", "request_too_large"],
  ["unsupported-media-type", 415, "invalid_request_error", "unsupported_media_type"],
  ["rate-limit", 429, "requests", "rate_limit_exceeded"],
  ["cancelled", 499, "request_cancelled", "cancelled"],
  ["internal", 500, "server_error", "internal_error"],
  ["upstream", 502, "server_error", "upstream_error"],
  ["unavailable", 503, "server_error", "unavailable"],
  ["overloaded", 503, "server_error", "overloaded"],
  ["timeout", 504, "timeout", "timeout"],
];

/** Answers every request with this error, and counts how often it was asked. */
function failing(error: GatewayError): { fetch: typeof fetch; asked: () => number } {
  let count = 0;
  const answer = () => {
    count += 1;
    const { status, headers, body } = encodeError(error, "req_1");
    return Promise.resolve(Response.json(body, { status, headers }));
  };
  return { fetch: Object.assign(answer, { preconnect: () => undefined }), asked: () => count };
}

async function askOpenAI(error: GatewayError, maxRetries = 0): Promise<{ thrown: unknown; asked: number }> {
  const { fetch, asked } = failing(error);
  const client = new OpenAI({ apiKey: "key", baseURL: "http://127.0.0.1/v1", maxRetries, fetch });
  const thrown: unknown = await client.chat.completions
    .create({ model: "any", messages: [{ role: "user", content: "hi" }] })
    .catch((reason: unknown) => reason);
  return { thrown, asked: asked() };
}

describe("every kind of error reaches the OpenAI SDK", () => {
  test.each(statuses)("%s as %i %s", async (kind, status, type, code) => {
    const { thrown } = await askOpenAI(new GatewayError(kind, "It broke.", { hint: "Mend it.", param: "model" }));
    expect(thrown).toBeInstanceOf(OpenAI.APIError);
    expect(thrown).toMatchObject({ status, type, code, param: "model", requestID: "req_1" });
    expect(String(thrown)).toContain("It broke. Mend it.");
  });

  test.each([
    [500, 500],
    [503, 503],
    [502, 502],
    [520, 502],
    [undefined, 502],
  ])("a vendor's %p as %i", async (upstreamStatus, status) => {
    const { thrown } = await askOpenAI(new GatewayError("upstream", "It broke.", { upstreamStatus }));
    expect(thrown).toMatchObject({ status, type: "server_error", code: "upstream_error" });
  });

  test("and the AI SDK shows its message", async () => {
    const { fetch } = failing(new GatewayError("permission", "It broke.", { hint: "Mend it." }));
    const model = createOpenAICompatible({ name: "t", baseURL: "http://127.0.0.1/v1", fetch }).chatModel("any");
    const asked = model.doGenerate({ prompt: [{ role: "user", content: [{ type: "text", text: "hi" }] }] });
    await expect(asked).rejects.toThrow("It broke. Mend it.");
  });
});

describe("headers", () => {
  const headersOf = (kind: ErrorKind, options?: GatewayErrorOptions) =>
    encodeError(new GatewayError(kind, "x", options), "req_1").headers;

  test("say when a retry makes sense, in whole seconds", () => {
    expect(headersOf("rate-limit", { retryAfterSeconds: 1.2 })).toMatchObject({ "retry-after": "2" });
  });

  test("name the methods a path allows", () => {
    expect(headersOf("method-not-allowed", { allow: ["GET", "HEAD"] })).toMatchObject({ allow: "GET, HEAD" });
  });

  test("stop the SDK from repeating what a repeat cannot mend", async () => {
    const { asked } = await askOpenAI(new GatewayError("unavailable", "The claude CLI was not found."), 2);
    expect(asked).toBe(1);
  });

  test("let it repeat when a time is given", () => {
    expect(headersOf("unavailable", { retryAfterSeconds: 3 })).not.toHaveProperty("x-should-retry");
  });
});

test("a field at fault is null when there is none", () => {
  const { body } = encodeError(new GatewayError("internal", "x"), "req_1");
  expect(body).toEqual({ error: { message: "x", type: "server_error", param: null, code: "internal_error" } });
});

test("the frame of a failed stream is one data line and no [DONE]", () => {
  expect(encodeErrorFrame(new GatewayError("overloaded", "Too\nbusy."))).toBe(
    'data: {"error":{"message":"Too\\nbusy.","type":"server_error","param":null,"code":"overloaded"}}\n\n',
  );
});
