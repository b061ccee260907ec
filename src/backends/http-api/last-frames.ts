import { parseJsonText } from "#lib/parse-json-text.ts";
import type { SseFrame, SseParser } from "#lib/sse.ts";

/** A stream's last frame need not have its empty line, as long as all of its data is there: some servers leave it out. */
export function lastFrames(parser: SseParser): readonly SseFrame[] {
  return parser.end().filter(({ data }) => data.trim() === "[DONE]" || parseJsonText(data) !== undefined);
}
