/**
 * A tool's schema as Codex passes it on. 0.169 leaves out the keywords that are not listed here, and takes a schema that
 * allows anything for that of a text: what would be lost is told in the words of the description.
 */
import { isRecord } from "#lib/is-record.ts";

const KEPT: ReadonlySet<string> = new Set(
  "$ref const description enum minItems required type $schema $id $comment".split(" "),
);
const SCHEMAS: ReadonlySet<string> = new Set("additionalProperties allOf anyOf items oneOf".split(" "));
const NAMED_SCHEMAS: ReadonlySet<string> = new Set("$defs definitions properties".split(" "));

export function toldSchema(schema: unknown): unknown {
  if (schema === true) return {};
  if (Array.isArray(schema)) return schema.map(toldSchema);
  if (!isRecord(schema)) return schema;
  const told: Record<string, unknown> = {};
  const lost: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (KEPT.has(keyword)) told[keyword] = value;
    else if (SCHEMAS.has(keyword)) told[keyword] = value === true ? value : toldSchema(value);
    else if (NAMED_SCHEMAS.has(keyword) && isRecord(value)) told[keyword] = mapValues(value, toldSchema);
    else lost.push(`${keyword}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  }
  if (lost.length === 0) return told;
  const { description } = schema;
  const words = `(${lost.join("; ")})`;
  return {
    ...told,
    description: typeof description === "string" && description !== "" ? `${description} ${words}` : words,
  };
}

function mapValues(named: Readonly<Record<string, unknown>>, change: (value: unknown) => unknown) {
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, change(value)]));
}
