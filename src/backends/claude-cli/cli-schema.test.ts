import { describe, expect, test } from "bun:test";

import { cliSchema } from "./cli-schema.ts";

test("what the CLI does not know is left out, at every depth, and names of properties are kept", () => {
  const inner = { type: "string", format: "email", minLength: 1, "x-note": 1 };
  const known = { type: "string", minLength: 1, description: "Format: email" };
  expect(
    cliSchema({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: "https://example.com/x",
      type: "object",
      properties: { format: inner, $schema: { anyOf: [inner, { type: "array", items: inner }] } },
      $defs: { a: { patternProperties: { "^x": inner }, unevaluatedProperties: false } },
      required: ["format"],
      additionalProperties: false,
      discriminator: { propertyName: "kind" },
    }),
  ).toEqual({
    type: "object",
    properties: { format: known, $schema: { anyOf: [known, { type: "array", items: known }] } },
    $defs: { a: { patternProperties: { "^x": known } } },
    required: ["format"],
    additionalProperties: false,
  });
});

test("a format is told in the description", () => {
  expect(cliSchema({ format: "date", description: "When" })).toEqual({ description: "When. Format: date" });
});

test("later drafts and OpenAPI are said in the words of draft 07", () => {
  expect(cliSchema({ prefixItems: [{ type: "string" }], items: false })).toEqual({
    items: [{ type: "string" }],
    additionalItems: false,
  });
  expect(cliSchema({ type: "string", nullable: true })).toEqual({ type: ["string", "null"] });
  expect(cliSchema({ enum: ["x", 1, "x", { a: 1 }, { a: 1 }] })).toEqual({ enum: ["x", 1, { a: 1 }] });
});

describe("refused is", () => {
  test.each([
    ["a pattern that is none", { properties: { a: { pattern: "(" } } }, '"(" is not a regular expression'],
    ["a reference to nothing", { properties: { a: { $ref: "#/$defs/b" } } }, '"#/$defs/b" refers to nothing'],
    ["a reference to elsewhere", { items: { $ref: "https://example.com/a" } }, "refers to nothing in it"],
  ])("%s", (_, schema, message) => {
    expect(() => cliSchema(schema)).toThrow(message);
  });

  test("no reference that leads somewhere, also into itself", () => {
    const schema = { $defs: { "a/b": { properties: { next: { $ref: "#" } } } }, items: { $ref: "#/$defs/a~1b" } };
    expect(cliSchema(schema)).toEqual(schema);
  });
});
