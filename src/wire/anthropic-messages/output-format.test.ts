import { expect, test } from "bun:test";

import { decodeRequest } from "./request.ts";

const asked = (schema: object) => ({
  model: "m",
  max_tokens: 1,
  messages: [{ role: "user", content: "hi" }],
  output_format: { type: "json_schema", schema },
});

test("a schema for the answer may stand where the beta had it, and is called so", () => {
  expect(decodeRequest(asked({ type: "object" }))).toMatchObject({
    features: { responseFormat: { type: "json-schema", schema: { type: "object" } } },
    featureFields: { responseFormat: "output_format" },
    ignoredFields: [],
  });
  expect(() => decodeRequest(asked({ type: 1 }))).toThrow(
    expect.objectContaining({ options: expect.objectContaining({ param: "output_format.schema.type" }) }),
  );
});
