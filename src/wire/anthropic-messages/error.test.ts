import { describe, expect, test } from "bun:test";

import { createAnthropic } from "@ai-sdk/anthropic";
import Anthropic from "@anthropic-ai/sdk";

import { type ErrorKind, GatewayError, type GatewayErrorOptions } from "#core/errors.ts";

import { encodeError, encodeErrorFrame } from "./error.ts";

const statuses: [ErrorKind, number, string][] = [
  ["invalid-request", 400, "invalid_request_error"],
  ["context-length", 400, "invalid_request_error"],
  ["authentication", 401, "authentication_error"],
  ["billing", 402, "billing_error"],
  ["permission", 403, "permission_error"],
  ["not-found", 404, "not_found_error"],
  ["model-not-found", 404, "not_found_error"],
  ["method-not-allowed", 405, "invalid_request_error"],
  ["conflict", 409, "conflict_error"],
  ["request-too-large", 413, "request_too_large"],
  ["unsupported-media-type", 415, "invalid_request_error"],
  ["rate-limit", 429, "rate_limit_error"],
  ["cancelled", 499, "request_cancelled"],
  ["internal", 500, "api_error"],
  ["upstream", 502, "api_error"],
  ["unavailable", 503, "api_error"],
  ["timeout", 504, "timeout_error"],
  ["overloaded", 529, "overloaded_error"],
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

async function askAnthropic(error: GatewayError, maxRetries = 0): Promise<{ thrown: unknown; asked: number }> {
  const { fetch, asked } = failing(error);
  const client = new Anthropic({ apiKey: "key", baseURL: "http://127.0.0.1", maxRetries, fetch });
  const thrown: unknown = await client.messages
    .create({ model: "any", max_tokens: 5, messages: [{ role: "user", content: "hi" }] })
    .catch((reason: unknown) => reason);
  return { thrown, asked: asked() };
}

describe("every kind of error reaches the Anthropic SDK", () => {
  test.each(statuses)("%s as %i %s", async (kind, status, type) => {
    const { thrown } = await askAnthropic(new GatewayError(kind, "It broke.", { hint: "Mend it." }));
    expect(thrown).toBeInstanceOf(Anthropic.APIError);
    expect(thrown).toMatchObject({
      status,
      type,
      requestID: "req_1",
      error: { type: "error", error: { type, message: "It broke. Mend it." }, request_id: "req_1" },
    });
  });

  test.each([
    [500, 500],
    [503, 503],
    [502, 502],
    [520, 502],
    [undefined, 502],
  ])("a vendor's %p as %i", async (upstreamStatus, status) => {
    const { thrown } = await askAnthropic(new GatewayError("upstream", "It broke.", { upstreamStatus }));
    expect(thrown).toMatchObject({ status, type: "api_error" });
  });

  test("and the AI SDK shows its message", async () => {
    const { fetch } = failing(new GatewayError("permission", "It broke.", { hint: "Mend it." }));
    const model = createAnthropic({ apiKey: "key", baseURL: "http://127.0.0.1/v1", fetch }).languageModel("any");
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
    const { asked } = await askAnthropic(new GatewayError("unavailable", "The claude CLI was not found."), 2);
    expect(asked).toBe(1);
  });

  test("let it repeat when a time is given", () => {
    expect(headersOf("unavailable", { retryAfterSeconds: 3 })).not.toHaveProperty("x-should-retry");
  });
});

test("the frame of a failed stream is an error event and no message_stop", () => {
  expect(encodeErrorFrame(new GatewayError("overloaded", "Too\nbusy."), "req_1")).toBe(
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Too\\nbusy."},"request_id":"req_1"}\n\n',
  );
});
