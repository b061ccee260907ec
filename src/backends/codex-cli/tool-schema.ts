/**
 * A tool's schema as Codex passes it on. 0.169 leaves out the keywords that are not listed here, takes what has no type
 * for a text, and refuses a list of schemas for an array's items: what would be lost or changed is told in the words of
 * the description.
 */
import { isRecord } from "#lib/is-record.ts";

const KEPT: ReadonlySet<string> = new Set(
  "$ref const description enum minItems required type $schema $id $comment".split(" "),
);
const SCHEMAS: ReadonlySet<string> = new Set("additionalProperties allOf anyOf items oneOf".split(" "));
const NAMED_SCHEMAS: ReadonlySet<string> = new Set("$defs definitions properties".split(" "));
/** Without one of them a schema has no description either. */
const SHAPES = "type $ref const enum properties items additionalProperties allOf anyOf oneOf".split(" ");

export function toldSchema(schema: unknown): unknown {
  if (schema === true) return {};
  if (schema === false) return toldSchema({ not: {} });
  if (Array.isArray(schema)) return schema.map(toldSchema);
  if (!isRecord(schema)) return schema;
  const told: Record<string, unknown> = {};
  const lost: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    const toldOf = toldValue(keyword, value);
    if (toldOf === undefined) lost.push(`${keyword}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
    else told[keyword] = toldOf;
  }
  return shaped(lost.length === 0 ? told : { ...told, description: described(schema["description"], lost) });
}

/** undefined for what cannot be told. */
function toldValue(keyword: string, value: unknown): unknown {
  if (KEPT.has(keyword) || (keyword === "additionalProperties" && typeof value === "boolean")) return value;
  // Each item has a schema of its own, or none may be there.
  if (keyword === "items" && (Array.isArray(value) || value === false)) return undefined;
  if (SCHEMAS.has(keyword)) return toldSchema(value);
  return NAMED_SCHEMAS.has(keyword) && isRecord(value) ? mapValues(value, toldSchema) : undefined;
}

function described(description: unknown, lost: readonly string[]): string {
  const words = `(${lost.join("; ")})`;
  return typeof description === "string" && description !== "" ? `${description} ${words}` : words;
}

/** With what Codex would otherwise take for that of a text. */
function shaped(told: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const type = told["type"] ?? typeOf("const" in told ? [told["const"]] : told["enum"]);
  const isArray = [type].flat().includes("array");
  return {
    ...told,
    ...(type !== undefined && { type }),
    ...(isArray && told["items"] === undefined && { items: {} }),
    ...(told["description"] !== undefined && !SHAPES.some((shape) => shape in told) && { anyOf: [{}] }),
  };
}

/** Of values that say it themselves. */
function typeOf(values: unknown): unknown {
  if (!Array.isArray(values)) return undefined;
  const types = [...new Set(values.map(typeOfValue))];
  return types.length > 1 ? types : types[0];
}

function typeOfValue(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function mapValues(named: Readonly<Record<string, unknown>>, change: (value: unknown) => unknown) {
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, change(value)]));
}
