/** Cuts a text into at most `most` pieces of at least `least` code points; never inside a character. */
export function piecesOf(text: string, least = 12, most = 40): readonly string[] {
  const characters = Array.from(text);
  const size = Math.max(least, Math.ceil(characters.length / most));
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += size) pieces.push(characters.slice(at, at + size).join(""));
  return pieces;
}

/**
 * Cuts a frame inside each of its first characters that take several bytes, so that a reader which
 * decodes chunk by chunk shows itself. A frame of plain ASCII stays whole.
 */
export function splitInsideCharacters(frame: Uint8Array, most = 8): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at < frame.length && parts.length < most; at += 1) {
    const isLead = ((frame[at] ?? 0) & 0xc0) === 0xc0;
    if (!isLead) continue;
    parts.push(frame.subarray(from, at + 1));
    from = at + 1;
  }
  parts.push(frame.subarray(from));
  return parts;
}
