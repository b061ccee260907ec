const encoder = new TextEncoder();

/** The text, or as much of it as `maxBytes` of UTF-8 hold without cutting a character, and then `…`. */
export function cutText(text: string, maxBytes: number): string {
  // One UTF-16 unit is at least one byte, so the rest need not be looked at.
  const { read, written } = encoder.encodeInto(text.slice(0, maxBytes + 1), new Uint8Array(maxBytes));
  if (read >= text.length) return text;
  const whole = written > 0 ? text.slice(0, read) : "";
  return `${whole}…`;
}
