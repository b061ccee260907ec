/** Whether a JSON Schema from outside is one. By hand: an agent sends a hundred tools with every request. */
import { isRecord } from "./is-record.ts";
import { describeValue, renderPath, type SchemaProblem } from "./schema-problem.ts";

type Check = (value: unknown, keys: Keys) => SchemaProblem | undefined;
type Keys = readonly (string | number)[];

const types: ReadonlySet<unknown> = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);

const isType: Check = (value, keys) =>
  (Array.isArray(value) ? value : [value]).every((item) => types.has(item))
    ? undefined
    : problem(keys, `one of ${[...types].join(", ")}`, value);
const isArray: Check = (value, keys) => (Array.isArray(value) ? undefined : problem(keys, "an array", value));
const isString: Check = (value, keys) => (typeof value === "string" ? undefined : problem(keys, "a string", value));
const isNumber: Check = (value, keys) => (typeof value === "number" ? undefined : problem(keys, "a number", value));
const isCount: Check = (value, keys) =>
  Number.isInteger(value) && Number(value) >= 0 ? undefined : problem(keys, "a whole number of at least 0", value);
const areStrings: Check = (value, keys) => isArray(value, keys) ?? each(value, keys, isString);
const areSchemas: Check = (value, keys) => isArray(value, keys) ?? each(value, keys, isSchema);
const areNamedSchemas: Check = (value, keys) =>
  isRecord(value) ? each(value, keys, isSchema) : problem(keys, "an object", value);
const isSchemaOrMany: Check = (value, keys) =>
  Array.isArray(value) ? each(value, keys, isSchema) : isSchema(value, keys);

/** What each keyword holds: draft 2020-12, with the `definitions` and lists of `items` of older ones. */
const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["type", isType],
  ["items", isSchemaOrMany],
  ["required", areStrings],
  ["enum", isArray],
  ...["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"].map(entry(areNamedSchemas)),
  ...["prefixItems", "allOf", "anyOf", "oneOf"].map(entry(areSchemas)),
  ...["not", "if", "then", "else", "contains", "additionalProperties", "propertyNames"].map(entry(isSchema)),
  ...["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"].map(entry(isCount)),
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"].map(entry(isNumber)),
  ...["pattern", "format", "title", "description", "$ref"].map(entry(isString)),
]);

function entry(check: Check): (keyword: string) => readonly [string, Check] {
  return (keyword) => [keyword, check];
}

/** What is wrong with a schema that has to describe an object, which it need not say; `path` begins at the schema. */
export function objectSchemaProblem(schema: Readonly<Record<string, unknown>>): SchemaProblem | undefined {
  const { type } = schema;
  if (type !== undefined && type !== "object") return problem(["type"], '"object"', type);
  return isSchema(schema, []);
}

function isSchema(value: unknown, keys: Keys): SchemaProblem | undefined {
  if (typeof value === "boolean") return undefined;
  if (!isRecord(value)) return problem(keys, "a schema", value);
  for (const [keyword, held] of Object.entries(value)) {
    const found = checks.get(keyword)?.(held, [...keys, keyword]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function each(value: unknown, keys: Keys, check: Check): SchemaProblem | undefined {
  const entries = Array.isArray(value) ? value.entries() : isRecord(value) ? Object.entries(value) : [];
  for (const [key, item] of entries) {
    const found = check(item, [...keys, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function problem(keys: Keys, expected: string, value: unknown): SchemaProblem {
  return { path: renderPath(keys), explanation: `expected ${expected}, got ${describeValue(value)}` };
}
