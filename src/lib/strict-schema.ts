import { isRecord } from "./is-record.ts";

/** What OpenAI's structured outputs know of JSON Schema (https://platform.openai.com/docs/guides/structured-outputs). */
const keywords: ReadonlySet<string> = new Set(
  "$schema type properties required additionalProperties items anyOf enum const description title $ref $defs definitions".split(
    " ",
  ),
);

/**
 * Whether OpenAI holds an answer to this schema word by word: it then wants objects closed and every member required,
 * and refuses what it does not know.
 */
export function isStrictSchema(schema: unknown): boolean {
  if (!isRecord(schema) || !Object.keys(schema).every((keyword) => keywords.has(keyword))) return false;
  const { properties = {}, $defs = {}, definitions = {}, anyOf = [], items = [] } = schema;
  return (
    isClosed(schema) &&
    [properties, $defs, definitions].every((named) => isRecord(named) && Object.values(named).every(isStrictSchema)) &&
    [anyOf, items].flat().every(isStrictSchema)
  );
}

/** Of what describes no object, nothing is asked. */
function isClosed({ type, properties, required = [], additionalProperties }: Record<string, unknown>): boolean {
  if (![type].flat().includes("object")) return true;
  return (
    additionalProperties === false &&
    Array.isArray(required) &&
    Object.keys(properties ?? {}).every((name) => required.includes(name))
  );
}
