import { expect, test } from "bun:test";

import fc from "fast-check";

import { findJsonFault } from "./json-fault.ts";

test.each([
  ['{"a":1,}', 1, 8, "}"],
  ['{"a":tru}', 1, 6, "tru}"],
  ['{\n  "a" 1}', 2, 7, "1}"],
  ['{"a":"line\nbreak"}', 1, 6, '"line\nbreak"}'],
  ["{'a':1}", 1, 2, "'a':1}"],
  ['{"a":[1,2}', 1, 10, "}"],
  ['{"a":1', 1, 7, ""],
  ["[1] [2]", 1, 5, "[2]"],
  ["hello", 1, 1, "hello"],
  ['{"a":01}', 1, 7, "1}"],
  ['["\\x"]', 1, 2, '"\\x"]'],
  ["]", 1, 1, "]"],
  ["[,1]", 1, 2, ",1]"],
  ["NaN", 1, 1, "NaN"],
])("%j is wrong at line %d, column %d", (text, line, column, near) => {
  expect(findJsonFault(text)).toEqual({ line, column, near });
});

test("a fault is found at the end of a long text with many escapes", () => {
  const long = JSON.stringify({ image: "a".repeat(100_000), text: '\\"\n'.repeat(50_000) });
  expect(findJsonFault(`${long.slice(0, -1)},}`).column).toBe(long.length + 1);
  expect(findJsonFault(long.slice(0, -2)).column).toBeLessThan(long.length - 100_000);
});

test("whatever is put into JSON, the fault found lies within the text", () => {
  const cuts = fc.tuple(fc.json(), fc.nat(), fc.constantFrom("", "x", "}", "]", ",", '"', ":", "\u0001"));
  fc.assert(
    fc.property(cuts, ([json, at, put]) => {
      const position = at % (json.length + 1);
      const text = json.slice(0, position) + put + json.slice(position + 1);
      fc.pre(!isJson(text));
      const { line, column } = findJsonFault(text);
      expect(line).toBe(1);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(column).toBeLessThanOrEqual(text.length + 1);
    }),
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
