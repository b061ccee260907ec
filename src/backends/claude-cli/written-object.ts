import { isRecord } from "#lib/is-record.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

/** The JSON object that a text is, word by word; a code fence around it is a habit of models, and not part of it. */
export function writtenObject(text: string): string | undefined {
  const object = withoutFence(text.trim());
  return isRecord(parseJsonText(object)) ? object : undefined;
}

/** In no more time than the text is long: it is whatever a model was brought to write. */
function withoutFence(text: string): string {
  const [opening] = /^```(?:json)?[^\S\n]*\n/i.exec(text) ?? [];
  return opening === undefined || !text.endsWith("```") ? text : text.slice(opening.length, -"```".length).trim();
}
