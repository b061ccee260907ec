import { expect, test } from "bun:test";

import { writtenObject } from "./written-object.ts";

test.each([
  [' {"a": 1}\n', '{"a": 1}'],
  ['```json\n{"a": 1}\n```', '{"a": 1}'],
  ['```\n\n{"a": "```"}\n  ```\n', '{"a": "```"}'],
  ['Here: {"a": 1}', undefined],
  ["```json\n[1]\n```", undefined],
  ["```\n```", undefined],
  ['```json\n{"a": 1}', undefined],
])("of %j the object is %j", (text, object) => {
  expect(writtenObject(text)).toBe(object);
});

// It would take hours by an expression that looks for the last line from each of the others.
test("a fence with nothing but empty lines behind it is none", () => {
  expect(writtenObject(`\`\`\`${"\n".repeat(100_000)}x`)).toBeUndefined();
});
