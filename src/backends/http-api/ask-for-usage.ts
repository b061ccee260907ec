/**
 * OpenAI's chat API tells what a stream cost only to who asks for it. A provider that is set so is asked in the place of
 * clients that do not, and what it then says beside its answer is taken out again.
 */
import type { RelayedRequest } from "#core/backend.ts";
import { isRecord } from "#lib/is-record.ts";
import { withJsonMember } from "#lib/json-member.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

/** The request's body with the question in it, otherwise byte for byte; the same where its client asks, or need not. */
export function askingForUsage({ wireFormat, json, body }: RelayedRequest): RelayedRequest["body"] {
  if (wireFormat !== "openai-chat" || body === undefined || !isRecord(json) || json["stream"] !== true) return body;
  const { stream_options: options } = json;
  if (isRecord(options) && options["include_usage"] === true) return body;
  return withJsonMember(body, "stream_options", { ...(isRecord(options) && options), include_usage: true });
}

/** Counts are short; what is longer passes as it is. */
const longestHeld = 256 * 1024;

/** A stream as its client asked for it: without the last chunk, that only counts, and the `null` in all others. */
export async function* withoutUsage(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = "";
  for await (const chunk of chunks) {
    // A character for each byte, so that all but what is taken out stays as it is.
    held += Buffer.from(chunk).toString("latin1");
    const end = endOfFrames(held);
    const told = withoutCounts(held.slice(0, end));
    held = held.slice(end);
    if (told !== "") yield Buffer.from(told, "latin1");
  }
  const rest = shown(held);
  if (rest !== "") yield Buffer.from(rest, "latin1");
}

const emptyLines = ["\n\n", "\r\r", "\r\n\r\n"] as const;
const emptyLine = /(\n\n|\r\r|\r\n\r\n)/;

/** Behind the last empty line. */
function endOfFrames(text: string): number {
  const ends = emptyLines.map((line) => (text.includes(line) ? text.lastIndexOf(line) + line.length : 0));
  const end = Math.max(...ends);
  return end === 0 && text.length > longestHeld ? text.length : end;
}

function withoutCounts(frames: string): string {
  if (!frames.includes('"usage"')) return frames;
  const parts = frames.split(emptyLine);
  return parts.map((text, index) => (index % 2 === 0 ? shown(text + (parts[index + 1] ?? "")) : "")).join("");
}

function shown(text: string): string {
  if (!text.includes('"usage"')) return text;
  const chunk = parseJsonText(/^data: ?(.*)/m.exec(text)?.[1] ?? "");
  if (!isRecord(chunk)) return text;
  const { choices, usage } = chunk;
  if (isRecord(usage)) return Array.isArray(choices) && choices.length === 0 ? "" : text;
  return usage === null ? text.replace(/,\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,\s*/, "") : text;
}
