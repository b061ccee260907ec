/** A text that may be percent-encoded, as one that is not plain ASCII has to be; what is no such encoding stays as it is. */
export function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
