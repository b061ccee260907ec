/** The base64 of what JPEG, PNG, GIF and RIFF (WebP) files begin with. The CLIs replace anything else by a note. */
const STARTS = ["/9j/", "iVBORw0KGgo", "R0lGOD", "UklGR"] as const;

export function isImage(base64: string): boolean {
  return STARTS.some((start) => base64.startsWith(start));
}
