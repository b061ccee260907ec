import { isRecord } from "#lib/is-record.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

const FENCED = /^```(?:json)?\s*\n([^]*)\n\s*```$/i;

/** The JSON object that a text is, word by word; a code fence around it is a habit of models, and not part of it. */
export function writtenObject(text: string): string | undefined {
  const bare = text.trim();
  const object = FENCED.exec(bare)?.[1]?.trim() ?? bare;
  return isRecord(parseJsonText(object)) ? object : undefined;
}
