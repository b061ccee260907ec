/**
 * The schema of an answer as the CLI can read it. Measured with 2.1.197 and 2.1.329: its validator knows draft 07 alone,
 * and a schema with another `$schema`, a keyword it does not know or (2.1.197) any `format` is not used at all.
 */
import { GatewayError } from "#core/errors.ts";

type Schema = Readonly<Record<string, unknown>>;

const VALUES: ReadonlySet<string> = new Set(
  [
    "$comment $ref const default deprecated description enum examples exclusiveMaximum exclusiveMinimum maxItems",
    "maxLength maxProperties maximum minItems minLength minProperties minimum multipleOf pattern readOnly required title",
    "type uniqueItems writeOnly",
  ].flatMap((names) => names.split(" ")),
);
const SCHEMAS: ReadonlySet<string> = new Set(
  "additionalItems additionalProperties allOf anyOf contains else if items not oneOf propertyNames then".split(" "),
);
const NAMED_SCHEMAS: ReadonlySet<string> = new Set("$defs definitions patternProperties properties".split(" "));

/** Throws `invalid-request` for a pattern or a reference that nobody could follow. */
export function cliSchema(schema: unknown, param?: string): unknown {
  try {
    const read = readable(schema);
    checkReferences(read, read);
    return read;
  } catch (cause) {
    if (!(cause instanceof Unreadable)) throw cause;
    const message = `The JSON Schema of the answer cannot be used: ${cause.message}.`;
    throw new GatewayError("invalid-request", message, { param, cause });
  }
}

class Unreadable extends Error {}

function readable(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(readable);
  if (!isObject(schema)) return schema;
  const entries = Object.entries(asDraft07(schema)).flatMap(([keyword, value]): [string, unknown][] => {
    if (keyword === "enum" && Array.isArray(value)) return [[keyword, distinct(value)]];
    if (VALUES.has(keyword)) return [[keyword, value]];
    if (SCHEMAS.has(keyword)) return [[keyword, readable(value)]];
    if (NAMED_SCHEMAS.has(keyword) && isObject(value)) return [[keyword, mapValues(value, readable)]];
    return [];
  });
  checkPattern(schema["pattern"]);
  return Object.fromEntries(entries);
}

/** What a later draft, or OpenAPI, spells in another way. A format is only told to the model. */
function asDraft07({ prefixItems, items, nullable, format, ...rest }: Schema): Schema {
  const { type, description } = rest;
  return {
    ...rest,
    ...(typeof format === "string" && {
      description: typeof description === "string" ? `${description}. Format: ${format}` : `Format: ${format}`,
    }),
    ...(nullable === true && typeof type === "string" && { type: [type, "null"] }),
    ...(Array.isArray(prefixItems)
      ? { items: prefixItems, ...(items !== undefined && { additionalItems: items }) }
      : items !== undefined && { items }),
  };
}

function checkPattern(pattern: unknown): void {
  if (typeof pattern !== "string") return;
  try {
    void new RegExp(pattern, "u");
  } catch (cause) {
    throw new Unreadable(`"${pattern}" is not a regular expression`, { cause });
  }
}

function checkReferences(schema: unknown, root: unknown): void {
  if (typeof schema !== "object" || schema === null) return;
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === "$ref" && typeof value === "string" && !leadsSomewhere(value, root))
      throw new Unreadable(`"${value}" refers to nothing in it`);
    checkReferences(value, root);
  }
}

function leadsSomewhere(reference: string, root: unknown): boolean {
  const [start, ...keys] = reference.split("/");
  let at: unknown = root;
  for (const key of keys) {
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
    at = typeof at === "object" && at !== null && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined;
  }
  return start === "#" && at !== undefined;
}

function distinct(values: readonly unknown[]): readonly unknown[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

function mapValues(object: Schema, change: (value: unknown) => unknown): Schema {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
