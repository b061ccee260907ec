export interface JsonFault {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** What stands there; empty at the end of the text. */
  readonly near: string;
}

/**
 * Where a text that JSON.parse refused stops being JSON; the engine's own message does not say.
 * Tokens are matched one by one, and a stack of open brackets says which token may come next.
 */
export function findJsonFault(json: string): JsonFault {
  const offset = faultOffset(json);
  const before = json.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return {
    line: before.split("\n").length,
    column: offset - lineStart + 1,
    near: json.slice(offset, offset + 20),
  };
}

const space = /[ \t\n\r]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Everything from U+0020 on but `"` and `\`. */
const plainText = /[ !#-[\]-\uffff]*/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** What may come next. `first-*` also allows the bracket to close. */
type Expected = "value" | "first-value" | "key" | "first-key" | "colon" | "comma-or-end" | "end";

function faultOffset(json: string): number {
  const open: string[] = [];
  let expected: Expected = "value";
  for (let at = endOf(space, json, 0) ?? 0; at < json.length;) {
    const kind = kindAt(json, at);
    const end: number | undefined = tokenEnd(json, at, kind);
    const next: Expected | undefined = end === undefined ? undefined : step(expected, kind, open);
    if (end === undefined || next === undefined) return at;
    expected = next;
    at = endOf(space, json, end) ?? end;
  }
  return json.length;
}

/** Punctuation is its own kind. */
function kindAt(json: string, at: number): string {
  const character = json.charAt(at);
  if (character === '"') return "string";
  return "{}[],:".includes(character) ? character : "scalar";
}

/** Where the token that starts here ends; undefined when it is none. */
function tokenEnd(json: string, at: number, kind: string): number | undefined {
  if (kind === "string") return stringEnd(json, at);
  return kind === "scalar" ? endOf(scalar, json, at) : at + 1;
}

/** Run by run: one expression for the whole string would overflow the engine's stack on many escapes. */
function stringEnd(json: string, start: number): number | undefined {
  let at: number | undefined = start + 1;
  while (at !== undefined) {
    at = endOf(plainText, json, at) ?? at;
    if (json.charAt(at) === '"') return at + 1;
    at = endOf(escape, json, at);
  }
  return undefined;
}

function endOf(sticky: RegExp, text: string, at: number): number | undefined {
  sticky.lastIndex = at;
  return sticky.test(text) ? sticky.lastIndex : undefined;
}

/** The state after this token, or undefined when it may not stand here. */
function step(expected: Expected, kind: string, open: string[]): Expected | undefined {
  if (kind === "}" || kind === "]") return close(expected, kind, open);
  switch (expected) {
    case "value":
    case "first-value":
      return startValue(kind, open);
    case "key":
    case "first-key":
      return kind === "string" ? "colon" : undefined;
    case "colon":
      return kind === ":" ? "value" : undefined;
    case "comma-or-end":
      return kind === "," ? afterComma(open) : undefined;
    case "end":
      return undefined;
  }
}

function close(expected: Expected, kind: "}" | "]", open: string[]): Expected | undefined {
  const [opening, first] = kind === "}" ? ["{", "first-key"] : ["[", "first-value"];
  if (open.at(-1) !== opening || (expected !== first && expected !== "comma-or-end")) return undefined;
  open.pop();
  return afterValue(open);
}

function afterComma(open: readonly string[]): Expected {
  return open.at(-1) === "{" ? "key" : "value";
}

function startValue(kind: string, open: string[]): Expected | undefined {
  if (kind === "string" || kind === "scalar") return afterValue(open);
  if (kind !== "{" && kind !== "[") return undefined;
  open.push(kind);
  return kind === "{" ? "first-key" : "first-value";
}

function afterValue(open: readonly string[]): Expected {
  return open.length === 0 ? "end" : "comma-or-end";
}
