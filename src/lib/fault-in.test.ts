import { expect, test } from "bun:test";

import { faultIn } from "./fault-in.ts";

const nothing = { message: "", words: [], status: undefined };

test.each([
  [
    { error: { message: "Slow down", type: "requests", param: null, code: "rate_limit_exceeded" } },
    { message: "Slow down", words: ["rate_limit_exceeded", "requests"], status: undefined },
  ],
  [
    [{ error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } }],
    { message: "The model is overloaded.", words: ["UNAVAILABLE"], status: 503 },
  ],
  [
    { error: { code: 502, message: "Provider returned error", metadata: { raw: '{"detail":"gone"}' } } },
    { message: "Provider returned error: gone", words: [], status: 502 },
  ],
  [
    { object: "error", message: "too long", type: "BadRequestError", code: 400 },
    { message: "too long", words: ["BadRequestError"], status: 400 },
  ],
  [{ error: "no such model" }, { ...nothing, message: "no such model" }],
  ["busy", { ...nothing, message: "busy" }],
  ["<html>", nothing],
  [undefined, nothing],
  [[], nothing],
])("%j says %j", (body, fault) => {
  expect(faultIn(body)).toEqual(fault);
});
