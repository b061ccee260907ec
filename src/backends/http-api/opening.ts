/** How a conversation begins, which it shows again with each of its requests, whatever its client calls it. */
import { isRecord } from "#lib/is-record.ts";

/** Of each text its two ends, and of texts so many: bodies may be huge, and this is on their way. */
const edge = 500;
const mostTexts = 32;
const deepest = 5;

/**
 * System prompt and messages up to the user's first, of a request in whatever format, or a canonical one; undefined where no
 * user speaks in it. Whatever moves from one request to the next (marks of caches, ids) is no part of it.
 */
export function openingIn(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined;
  const said = body["messages"] ?? body["input"];
  const turns = Array.isArray(said) ? said : [{ role: "user", content: said }];
  const at = turns.findIndex((turn) => isRecord(turn) && turn["role"] === "user");
  const first = [...textsIn(turns[at]).take(mostTexts)];
  if (first.length === 0) return undefined;
  const before = textsIn([body["system"], body["instructions"], ...turns.slice(0, at)]).take(mostTexts);
  return [...first, ...before].join("\n");
}

const fields = ["content", "text", "source", "data", "url", "image_url", "file_data"];

function* textsIn(value: unknown, depth = 0): Generator<string> {
  if (typeof value === "string") yield `${value.length} ${value.slice(0, edge)}${value.slice(edge).slice(-edge)}`;
  if (depth === deepest) return;
  if (Array.isArray(value)) for (const item of value) yield* textsIn(item, depth + 1);
  else if (isRecord(value)) for (const field of fields) yield* textsIn(value[field], depth + 1);
}
