import { expect, test } from "bun:test";

import { saidIn } from "./said-in.ts";

test.each([
  [{ error: { message: "a" } }, "a"],
  [{ error: "a" }, "a"],
  [{ message: "a" }, "a"],
  [{ result: {}, success: false, errors: [{ code: 7000, message: "a" }], messages: [] }, "a"],
  [{ detail: [{ message: "a" }] }, "a"],
  [{ detail: [{ loc: ["body"], msg: "a" }] }, "a"],
  [[{ error: { message: "a" } }], "a"],
  ["a\n  b", "a b"],
  ["<!doctype html><p>a", ""],
  [{ error: 7 }, ""],
  [null, ""],
  ["x".repeat(900), `${"x".repeat(500)}…`],
])("%o says %p", (body, text) => {
  expect(saidIn(body)).toBe(text);
});
