import type { StreamEvent } from "./format.ts";
import type { Quirk } from "./script/quirks.ts";

const encoder = new TextEncoder();

/** One event as a server-sent event, in the manner the quirks ask for. */
export function frameOf({ name, data }: StreamEvent, quirks: ReadonlySet<Quirk>): Uint8Array {
  const comment = quirks.has("comments") ? ": OPENROUTER PROCESSING\n\n" : "";
  const named = name === undefined || quirks.has("no-event-names") ? "" : `event: ${name}\n`;
  const text = `${comment}${named}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
  return encoder.encode(quirks.has("crlf") ? text.replaceAll("\n", "\r\n") : text);
}
