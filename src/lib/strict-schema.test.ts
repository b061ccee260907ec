import { expect, test } from "bun:test";

import { isStrictSchema } from "./strict-schema.ts";

const object = (properties: object, more: object = {}) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});

test.each([
  [object({}), true],
  [object({ a: { type: ["string", "null"] }, b: { type: "array", items: object({ c: { enum: [1] } }) } }), true],
  [object({ a: { $ref: "#/$defs/x" } }, { $defs: { x: { anyOf: [{ type: "string" }, { type: "null" }] } } }), true],
  [object({ a: { type: "string" } }, { required: [] }), false],
  [object({}, { additionalProperties: true }), false],
  [{ type: "object" }, false],
  [object({ a: { type: "object" } }), false],
  [object({ a: { type: "string", default: "x" } }), false],
  [object({ a: { type: "array", items: { type: "object" } } }), false],
  [object({ a: { anyOf: [{ type: "object" }] } }), false],
  [object({ a: { allOf: [] } }), false],
  [true, false],
])("%j: %p", (schema, isStrict) => {
  expect(isStrictSchema(schema)).toBe(isStrict);
});
