import { expect, test } from "bun:test";

import { toldSchema } from "./tool-schema.ts";

test("what Codex would leave out of a tool's schema is told in its description, however deep", () => {
  const schema = {
    type: "object",
    description: "Where to.",
    properties: {
      day: { type: "string", format: "date", description: "When." },
      seats: { type: "array", minItems: 1, maxItems: 9, items: { type: "integer", minimum: 1, default: 1 } },
      format: { $ref: "#/$defs/format" },
      more: true,
    },
    required: ["day"],
    additionalProperties: false,
    $defs: { format: { anyOf: [{ const: "a" }, { type: "string", pattern: "^b" }] } },
  };
  expect(toldSchema(schema)).toEqual({
    type: "object",
    description: "Where to.",
    properties: {
      day: { type: "string", description: "When. (format: date)" },
      seats: {
        type: "array",
        minItems: 1,
        description: "(maxItems: 9)",
        items: { type: "integer", description: "(minimum: 1; default: 1)" },
      },
      format: { $ref: "#/$defs/format" },
      more: {},
    },
    required: ["day"],
    additionalProperties: false,
    $defs: {
      format: {
        anyOf: [
          { type: "string", const: "a" },
          { type: "string", description: "(pattern: ^b)" },
        ],
      },
    },
  });
});

test("what has no type is not taken for a text", () => {
  const properties = {
    numbers: { enum: [1, 2] },
    mixed: { enum: ["a", 1, null] },
    list: { type: "array" },
    pair: { type: "array", items: [{ type: "string" }, { type: "number" }] },
    first: { type: ["array", "null"], prefixItems: [{ type: "string" }], items: false },
    anything: { description: "Whatever." },
    nothing: false,
  };
  expect(toldSchema({ type: "object", properties })).toEqual({
    type: "object",
    properties: {
      numbers: { type: "number", enum: [1, 2] },
      mixed: { type: ["string", "number", "null"], enum: ["a", 1, null] },
      list: { type: "array", items: {} },
      pair: { type: "array", items: {}, description: '(items: [{"type":"string"},{"type":"number"}])' },
      first: {
        type: ["array", "null"],
        items: {},
        description: '(prefixItems: [{"type":"string"}]; items: false)',
      },
      anything: { description: "Whatever.", anyOf: [{}] },
      nothing: { description: "(not: {})", anyOf: [{}] },
    },
  });
});
