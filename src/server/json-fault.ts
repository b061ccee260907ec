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

const token =
  /[ \t\n\r]*(?:([{}[\],:])|("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;
const space = /[ \t\n\r]*/y;

/** What may come next. `first-*` also allows the bracket to close. */
type Expected = "value" | "first-value" | "key" | "first-key" | "colon" | "comma-or-end" | "end";

function faultOffset(json: string): number {
  const open: string[] = [];
  let expected: Expected = "value";
  let offset = 0;
  while (offset < json.length) {
    const start = skipSpace(json, offset);
    token.lastIndex = start;
    const match: RegExpExecArray | null = token.exec(json);
    const next: Expected | undefined = match === null ? undefined : step(expected, kindOf(match), open);
    if (next === undefined) return start;
    expected = next;
    offset = token.lastIndex;
  }
  return json.length;
}

function skipSpace(json: string, offset: number): number {
  space.lastIndex = offset;
  space.exec(json);
  return space.lastIndex;
}

function kindOf([, punctuation, string]: RegExpExecArray): string {
  return punctuation ?? (string === undefined ? "scalar" : "string");
}

/** The state after this token, or undefined when it may not stand here. */
function step(expected: Expected, kind: string, open: string[]): Expected | undefined {
  const inObject = open.at(-1) === "{";
  if (kind === "}" || kind === "]") {
    const first = kind === "}" ? "first-key" : "first-value";
    const matches = inObject === (kind === "}");
    if (open.length === 0 || !matches || (expected !== first && expected !== "comma-or-end")) return undefined;
    open.pop();
    return afterValue(open);
  }
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
      if (kind !== ",") return undefined;
      return inObject ? "key" : "value";
    case "end":
      return undefined;
  }
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
