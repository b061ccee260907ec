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
    $defs: { format: { anyOf: [{ const: "a" }, { type: "string", description: "(pattern: ^b)" }] } },
  });
});
