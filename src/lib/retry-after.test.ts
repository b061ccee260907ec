import { expect, test } from "bun:test";

import { retryAfterSeconds } from "./retry-after.ts";

const now = Date.UTC(2026, 0, 1);

test.each([
  [{ "retry-after": "3" }, 3],
  [{ "retry-after": "0.5" }, 0.5],
  [{ "retry-after": "Thu, 01 Jan 2026 00:00:10 GMT" }, 10],
  [{ "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }, 0],
  [{ "retry-after-ms": "250", "retry-after": "9" }, 0.25],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "-1" }, undefined],
  [{}, undefined],
] as const)("%o asks for %p seconds", (headers, seconds) => {
  expect(retryAfterSeconds(new Headers(headers), now)).toBe(seconds);
});
