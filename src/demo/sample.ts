import * as v from "valibot";

const schemaSchema = v.looseObject({
  type: v.optional(v.union([v.string(), v.array(v.string())])),
  enum: v.optional(v.array(v.unknown())),
  const: v.optional(v.unknown()),
  default: v.optional(v.unknown()),
  properties: v.optional(v.record(v.string(), v.unknown())),
  items: v.optional(v.unknown()),
  minItems: v.optional(v.number()),
  minimum: v.optional(v.number()),
  anyOf: v.optional(v.array(v.unknown())),
  oneOf: v.optional(v.array(v.unknown())),
});

const maxDepth = 8;

/** A value that fits a JSON Schema of the common kind: what a forced tool call and a structured answer hold. */
export function sampleOf(schema: unknown, depth = 0): unknown {
  const parsed = v.safeParse(schemaSchema, schema);
  if (!parsed.success || depth > maxDepth) return null;
  const known = parsed.output;
  if (known.const !== undefined) return known.const;
  if (known.default !== undefined) return known.default;
  const choice = known.anyOf?.[0] ?? known.oneOf?.[0];
  if (known.enum !== undefined) return known.enum[0];
  if (choice !== undefined) return sampleOf(choice, depth + 1);
  const type = typeof known.type === "string" ? known.type : known.type?.[0];
  switch (type ?? (known.properties === undefined ? "string" : "object")) {
    case "object":
      return Object.fromEntries(
        Object.entries(known.properties ?? {}).map(([name, inner]) => [name, sampleOf(inner, depth + 1)]),
      );
    case "array":
      return Array.from({ length: Math.max(1, known.minItems ?? 1) }, () => sampleOf(known.items, depth + 1));
    case "integer":
    case "number":
      return known.minimum ?? 1;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return "demo";
  }
}
