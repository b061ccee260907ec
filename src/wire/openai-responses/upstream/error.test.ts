import { expect, test } from "bun:test";

import { decodeError } from "./error.ts";

const refusal = { headers: new Headers(), provider: "Acme" };

test.each([
  [{ error: { message: "This model does not exist", code: "model_not_found" } }, 404, "model-not-found"],
  [{ error: { message: "You exceeded your quota", code: "insufficient_quota" } }, 429, "billing"],
  [[{ error: { code: 400, message: "Bad value", status: "INVALID_ARGUMENT" } }], 400, "invalid-request"],
  [{ error: "model 'x' not found" }, 404, "model-not-found"],
  [{ detail: [{ msg: "Field required" }] }, 422, "invalid-request"],
  ["<html><body>Bad gateway</body></html>", 502, "upstream"],
] as const)("%j with status %d is %s, in one line", (body, status, kind) => {
  const error = decodeError({ ...refusal, status, body });
  expect(error.kind).toBe(kind);
  expect(error.message).toMatch(/^Acme[^<\n]*\.$/);
});

test("what looks like a secret is left out, and what is asked to wait is passed on", () => {
  const headers = new Headers({ "retry-after": "7" });
  const body = { error: { message: "Incorrect API key provided: sk-abcdefghijklmnop" } };
  const error = decodeError({ ...refusal, headers, status: 429, body });
  expect(error.message).not.toContain("abcdef");
  expect(error.options.retryAfterSeconds).toBe(7);
});
