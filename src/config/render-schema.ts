import { toJsonSchema } from "@valibot/to-json-schema";

import { configSchema } from "./schema.ts";

/** The configuration as JSON Schema, for editors: names, types, defaults, and what each setting is. */
export function renderConfigSchema(): Record<string, unknown> {
  const schema = toJsonSchema(configSchema, { typeMode: "input" });
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "ccproxy configuration",
    ...schema,
    // Editors find the schema by this key; the reader of the file passes over it.
    properties: { $schema: { type: "string" }, ...schema.properties },
  };
}
