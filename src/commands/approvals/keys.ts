const named: ReadonlyMap<string, string> = new Map([
  ["\r", "enter"],
  ["\n", "enter"],
  ["\t", "tab"],
  ["\u001B", "escape"],
  ["\u007F", "backspace"],
  ["\b", "backspace"],
  ["\u0003", "ctrl-c"],
  ["\u001B[A", "up"],
  ["\u001B[B", "down"],
  ["\u001BOA", "up"],
  ["\u001BOB", "down"],
  ["\u001B[5~", "page-up"],
  ["\u001B[6~", "page-down"],
]);

/** An escape sequence (ECMA-48; a key pressed with Alt is one too), or one character. */
// eslint-disable-next-line no-control-regex -- escape is what sequences begin with
const one = /\u001B(?:\[[0-?]*[ -/]*[@-~]|O[@-~]|[\s\S])|[\s\S]/gu;

/** The keys in what a terminal in raw mode sends: their names, or the character; other keys that send no text are left out. */
export function keysOf(sent: string): readonly string[] {
  return (sent.match(one) ?? []).flatMap((text) => {
    const name = named.get(text);
    if (name !== undefined) return [name];
    return /^[^\p{Cc}]$/u.test(text) ? [text] : [];
  });
}
