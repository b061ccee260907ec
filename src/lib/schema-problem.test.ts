import { describe, expect, test } from "bun:test";

import * as v from "valibot";

import { describeValue, explainIssue, renderPath } from "./schema-problem.ts";

const part = v.variant("type", [
  v.looseObject({ type: v.literal("text"), text: v.string() }),
  v.looseObject({ type: v.literal("image"), url: v.string() }),
]);
const schema = v.looseObject({
  level: v.nullish(v.picklist(["low", "high"])),
  heat: v.nullish(v.pipe(v.number(), v.maxValue(2, "a number from 0 to 2"))),
  on: v.nullish(v.boolean()),
  exact: v.nullish(v.strictObject({})),
  messages: v.array(v.looseObject({ content: v.union([v.string(), v.array(part)]) })),
});

function explain(value: unknown): string {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return "fine";
  const { path, explanation } = explainIssue(parsed.issues[0]);
  return `${path}: ${explanation}`;
}

describe("an issue is explained by path, expectation and what came", () => {
  test.each<[string, unknown, string]>([
    ["not an object at all", 5, ": expected an object, got 5"],
    ["a missing field", {}, "messages: required, but missing"],
    ["a choice", { level: "x", messages: [] }, 'level: expected "low" or "high", got "x"'],
    ["a check that says what it wants", { heat: 3, messages: [] }, "heat: expected a number from 0 to 2, got 3"],
    ["a flag", { on: "yes", messages: [] }, 'on: expected true or false, got "yes"'],
    ["a field that there is not", { exact: { more: 1 }, messages: [] }, "exact.more: there is no such field"],
    ["a wrong item", { messages: [1] }, "messages[0]: expected an object, got 1"],
    [
      "neither side of a union",
      { messages: [{ content: 5 }] },
      "messages[0].content: expected a string or an array, got 5",
    ],
    [
      "deep in a union",
      { messages: [{ content: [{ type: "text", text: 5 }] }] },
      "messages[0].content[0].text: expected a string, got 5",
    ],
    [
      "an unknown variant",
      { messages: [{ content: [{ type: "x" }] }] },
      'messages[0].content[0].type: expected "text" or "image", got "x"',
    ],
    [
      "a variant without its key",
      { messages: [{ content: [{}] }] },
      "messages[0].content[0].type: required, but missing",
    ],
  ])("%s", (_title, value, explanation) => {
    expect(explain(value)).toBe(explanation);
  });
});

test("a value is described without giving away what a user wrote", () => {
  const values = [undefined, null, 1.5, true, "short", "x".repeat(25), [], [1], {}];
  expect(values.map(describeValue)).toEqual([
    "nothing",
    "null",
    "1.5",
    "true",
    '"short"',
    "a string of 25 characters",
    "an empty array",
    "an array",
    "an object",
  ]);
});

test("a path is written as the sender would", () => {
  expect(renderPath([])).toBe("");
  expect(renderPath(["a", 0, "b", 1])).toBe("a[0].b[1]");
});
