import { expect, test } from "bun:test";

import { failureOf } from "./failure.ts";

const now = 1_000_000_000;
const circumstances = { provider: "openai", rateLimits: undefined, now };
const error = (message: string, codexErrorInfo: unknown = "other") => ({
  message,
  additionalDetails: undefined,
  codexErrorInfo,
});

test.each([
  ["usageLimitExceeded", "rate-limit"],
  ["serverOverloaded", "overloaded"],
  ["modelNotFound", "model-not-found"],
  ["unauthorized", "authentication"],
  ["contextWindowExceeded", "context-length"],
  [{ responseTooManyFailedAttempts: { httpStatusCode: 429 } }, "rate-limit"],
  [{ httpConnectionFailed: { httpStatusCode: 402 } }, "billing"],
  [{ responseStreamDisconnected: { httpStatusCode: null } }, "upstream"],
  ["other", "upstream"],
])("%j is told as %s", (info, kind) => {
  const failure = failureOf(error("It went wrong.", info), circumstances);
  expect(failure.kind).toBe(kind as typeof failure.kind); // One of them.
});

test("a server's own fault is none of its load, whatever Codex says of it", () => {
  const said = "We’re currently experiencing high demand, which may cause temporary errors.";
  expect(failureOf(error(said, "internalServerError"), circumstances).kind).toBe("upstream");
});

test("of what Codex says only the vendor's words are told", () => {
  const said =
    "unexpected status 403 Forbidden: You may not., url: https://chatgpt.com/backend-api/codex/responses, request id: req_1";
  const failure = failureOf(error(said), circumstances);
  expect([failure.kind, failure.message, failure.options.upstreamStatus]).toEqual([
    "permission",
    "Codex: You may not.",
    403,
  ]);
  const body = '{"error":{"message":"Invalid schema","type":"invalid_request_error","param":"text.format"}}';
  expect(failureOf(error(body), circumstances)).toMatchObject({
    kind: "invalid-request",
    message: "Codex: Invalid schema.",
  });
});

test.each([
  [
    "Connection failed: error sending request",
    "upstream",
    /^Codex could not reach its provider openai\. Check the network/,
  ],
  ["stream disconnected before completion: idle timeout waiting for SSE", "timeout", /provider openai fell silent/],
  [
    "stream disconnected before completion: UTF8 error: invalid utf-8",
    "upstream",
    /provider openai sent was no answer/,
  ],
  ["stream disconnected before completion: The server had an error.", "upstream", /^Codex: The server had an error\.$/],
  ["Missing environment variable: `ACME_KEY`.", "authentication", /ACME_KEY to codex\.pass_env/],
  [
    "exceeded retry limit, last status: 429 Too Many Requests, request id: r",
    "rate-limit",
    /^Codex answered with status 429\./,
  ],
  [
    "unexpected status 502 Bad Gateway: <html></html>, url: http://h/v1",
    "upstream",
    /^Codex answered with status 502\.$/,
  ],
] as const)("%s", (message, kind, told) => {
  const failure = failureOf(error(message), circumstances);
  expect(failure.kind).toBe(kind);
  expect(failure.explanation).toMatch(told);
});

test("a limit says when it is over: when the last window is that is used up", () => {
  const limits = {
    primary: { usedPercent: 100, resetsAt: 1_000_060 },
    secondary: { usedPercent: 40, resetsAt: 1_900_000 },
  };
  const limited = (rateLimits: unknown) =>
    failureOf(error("Limit.", "usageLimitExceeded"), { ...circumstances, rateLimits }).options;
  expect(limited(limits).retryAfterSeconds).toBe(60);
  expect(limited(undefined).retryAfterSeconds).toBe(30);
});
