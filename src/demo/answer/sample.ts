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

type KnownSchema = v.InferOutput<typeof schemaSchema>;

/** A value that fits a JSON Schema of the common kind: what a forced tool call and a structured answer hold. */
export function sampleOf(schema: unknown, depth = 0): unknown {
  const parsed = v.safeParse(schemaSchema, schema);
  if (!parsed.success || depth > maxDepth) return null;
  const known = parsed.output;
  const given = known.const ?? known.default ?? known.enum?.[0];
  if (given !== undefined) return given;
  const choice = known.anyOf?.[0] ?? known.oneOf?.[0];
  return choice === undefined ? sampleOfType(known, depth) : sampleOf(choice, depth + 1);
}

function sampleOfType(schema: KnownSchema, depth: number): unknown {
  const { properties = {}, items, minItems = 1, minimum = 1 } = schema;
  switch (typeOf(schema)) {
    case "object":
      return Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, sampleOf(inner, depth + 1)]));
    case "array":
      return Array.from({ length: minItems }, () => sampleOf(items, depth + 1));
    case "integer":
    case "number":
      return minimum;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return "demo";
  }
}

function typeOf({ type, properties }: KnownSchema): string | undefined {
  if (type === undefined) return properties === undefined ? undefined : "object";
  return typeof type === "string" ? type : type[0];
}
