import { expect, test } from "bun:test";

import { decodeError } from "./error.ts";

const said = (type: string, message: string) => ({ type: "error", error: { type, message } });

test.each([
  [400, said("invalid_request_error", "max_tokens: Field required"), "invalid-request"],
  [400, said("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), "context-length"],
  [401, said("authentication_error", "invalid x-api-key"), "authentication"],
  [402, said("billing_error", "no credit"), "billing"],
  [403, said("permission_error", "no"), "permission"],
  [404, said("not_found_error", "model: claude-9"), "model-not-found"],
  [413, "<html>too large</html>", "request-too-large"],
  [429, said("rate_limit_error", "slow"), "rate-limit"],
  [500, said("api_error", "oops"), "upstream"],
  [503, "busy", "overloaded"],
  [503, "out of order", "upstream"],
  [529, said("overloaded_error", "Overloaded"), "overloaded"],
  [418, said("rate_limit_error", "short and stout"), "rate-limit"],
])("status %i with %o is %s", (status, body, kind) => {
  const error = decodeError({ status, headers: new Headers(), body, provider: "Acme" });
  expect(error.kind).toBe(kind as typeof error.kind); // The table's own word.
  expect(error.message).toStartWith("Acme");
  expect(error.message).not.toContain("<");
  expect(error.options.upstreamStatus).toBe(status);
});

test("a wait is passed on", () => {
  const headers = new Headers({ "retry-after": "7" });
  expect(decodeError({ status: 429, headers, body: {}, provider: "Acme" }).options.retryAfterSeconds).toBe(7);
});
