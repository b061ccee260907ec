/**
 * Control characters, and the invisible ones that reorder or hide their neighbours: shown as they are, text from
 * outside could redraw the screen it is judged on, or read differently from what it is.
 */
const deceptive =
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** The same text with each of them written out; tabs and line feeds stay. */
export function visibleText(text: string): string {
  return text.replaceAll(deceptive, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
