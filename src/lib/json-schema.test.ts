import { expect, test } from "bun:test";

import { objectSchemaProblem } from "./json-schema.ts";

test.each([
  {},
  { type: "object" },
  { type: "object", properties: { a: { type: ["string", "null"], enum: ["x", null] } }, required: ["a"] },
  { properties: { nested: { items: [{ type: "integer" }, true], additionalProperties: false } } },
  { $defs: { point: { type: "object", properties: { x: { $ref: "#/$defs/point" } } } }, "x-unknown": [1] },
  { anyOf: [{ minLength: 0 }, { not: { pattern: "^a" } }], minimum: 1.5 },
])("a schema passes: %j", (schema) => {
  expect(objectSchemaProblem(schema)).toBeUndefined();
});

test.each([
  [{ type: "string" }, "type", 'expected "object", got "string"'],
  [{ type: ["object", "null"] }, "type", 'expected "object"'],
  [{ properties: { a: { type: "strin" } } }, "properties.a.type", 'got "strin"'],
  [{ properties: { a: 5 } }, "properties.a", "expected a schema, got 5"],
  [{ properties: [] }, "properties", "expected an object, got an empty array"],
  [{ required: "a" }, "required", "expected an array"],
  [{ required: ["a", 1] }, "required[1]", "expected a string, got 1"],
  [{ properties: { a: { items: [{}, { anyOf: {} }] } } }, "properties.a.items[1].anyOf", "expected an array"],
  [{ properties: { a: { minItems: -1 } } }, "properties.a.minItems", "expected a whole number of at least 0"],
  [{ properties: { a: { description: null } } }, "properties.a.description", "expected a string, got null"],
])("what is wrong with %j is named", (schema, path, explanation) => {
  const found = objectSchemaProblem(schema);
  expect(found?.path).toBe(path);
  expect(found?.explanation).toContain(explanation);
});
