import { describe, expect, test } from "bun:test";

import { startDecoding } from "./decode-state.ts";
import { decodeLine } from "./decode.ts";
import { gatewayErrorOf } from "./failure.ts";
import { parseLine } from "./lines.ts";

const failure = {
  status: 429,
  code: "rate_limit",
  message: "Slow down",
  terminalReason: null,
  rateLimit: undefined,
  retryDelayMs: undefined,
  now: 1_000_000,
};

describe("a rate limit says when to come back", () => {
  const seconds = (more: Partial<Parameters<typeof gatewayErrorOf>[0]>) =>
    gatewayErrorOf({ ...failure, ...more }).options.retryAfterSeconds;

  test("at the reset of a subscription's limit, past or to come", () => {
    expect(seconds({ rateLimit: { status: "rejected", resetsAt: 1060.5, rateLimitType: null } })).toBe(61);
    expect(seconds({ rateLimit: { status: "rejected", resetsAt: 10, rateLimitType: null } })).toBe(1);
  });

  test("after as long as the CLI waited in vain, and some time where it did not even try", () => {
    expect(seconds({ retryDelayMs: 2100 })).toBe(3);
    expect(seconds({})).toBe(30);
  });

  test("at once, where the CLI would sit the wait out", () => {
    const retry = { type: "system", subtype: "api_retry", attempt: 1, error: "rate_limit", error_status: 429 };
    const decode = (delayMs: number) =>
      decodeLine(startDecoding(), parseLine(JSON.stringify({ ...retry, retry_delay_ms: delayMs })), 0);
    const [state, [event]] = decode(60_000);
    expect(state).toMatchObject({ phase: "ended", interrupt: true });
    expect(event).toMatchObject({ error: { kind: "rate-limit", options: { retryAfterSeconds: 60 } } });
    expect(decode(1100)[1]).toEqual([]);
  });

  test("and no other failure does", () => {
    expect(seconds({ status: 500, code: "server_error" })).toBeUndefined();
  });
});

/** Of 2.1.197 and of 2.1.329. */
test.each([
  [
    "API Error: Unable to connect to API (ConnectionRefused)",
    "upstream",
    /^Claude Code could not reach .*Refused\)\. Check/,
  ],
  [
    "API Error: Can't reach the API server — check your internet or DNS (ENOTFOUND)",
    "upstream",
    /could not reach.*DNS/,
  ],
  ["API Error: Stream idle timeout - no chunks received", "timeout", /^Stream idle timeout/],
  ["API Error: Request timed out.", "timeout", /^Request timed out\.$/],
  ["API Error: 502. This is a server-side issue", "upstream", /^This is a server-side issue\.$/],
  ["API Error: 502 <html><p>Oh</p></html>. This is a server-side issue", "upstream", /^This is a server-side issue\.$/],
  [
    'API Error: ZlibError fetching "http://127.0.0.1:1/v1". For more, see',
    "upstream",
    /could not be read \(ZlibError\)\.$/,
  ],
] as const)("%s", (message, kind, told) => {
  const error = gatewayErrorOf({ ...failure, status: null, code: undefined, message });
  expect(error.kind).toBe(kind);
  expect(error.explanation).toMatch(told);
});

test("the CLI's words are a sentence of their own before the next action", () => {
  const full = { ...failure, status: 400, code: "invalid_request", terminalReason: "prompt_too_long" };
  expect(gatewayErrorOf({ ...full, message: "Prompt is too long" }).explanation).toMatch(
    /^Prompt is too long\. Shorten/,
  );
});
