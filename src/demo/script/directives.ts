/** One `[[demo VERB rest]]` of a prompt. */
export interface Directive {
  readonly verb: string;
  readonly rest: string;
}

export interface FoundDirectives {
  readonly directives: readonly Directive[];
  /** The text without them, trimmed. */
  readonly rest: string;
  readonly unclosed: boolean;
}

const opening = /\[\[demo(?=[\s\]])/g;

export function hasDirective(text: string): boolean {
  return text.search(opening) !== -1;
}

export function findDirectives(text: string): FoundDirectives {
  const directives: Directive[] = [];
  let rest = "";
  let from = 0;
  for (const match of text.matchAll(opening)) {
    if (match.index < from) continue;
    const bodyAt = match.index + match[0].length;
    const end = closingOf(text, bodyAt);
    if (end === undefined) return { directives, rest: (rest + text.slice(from)).trim(), unclosed: true };
    const [, verb = "", words = ""] = /^\s*(\S*)\s*([^]*)$/.exec(text.slice(bodyAt, end)) ?? [];
    directives.push({ verb, rest: words.trim() });
    rest += text.slice(from, match.index);
    from = end + 2;
  }
  return { directives, rest: (rest + text.slice(from)).trim(), unclosed: false };
}

/** Where the closing `]]` stands. Inside the JSON of a `tool` directive a `]]` closes nothing. */
function closingOf(text: string, from: number): number | undefined {
  const isTool = /^\s*tool\s/.test(text.slice(from, from + 40));
  const start = isTool ? endOfJson(text, from) : from;
  const end = text.indexOf("]]", start);
  return end === -1 ? undefined : end;
}

/** The index behind the first balanced `{...}` that begins before any `]]`; `from` when there is none. */
function endOfJson(text: string, from: number): number {
  const open = text.indexOf("{", from);
  const close = text.indexOf("]]", from);
  if (open === -1 || (close !== -1 && close < open)) return from;
  let depth = 0;
  for (const token of text.slice(open).matchAll(/"(?:[^"\\]|\\[^])*"|[{}]/g)) {
    if (token[0] === "{") depth += 1;
    if (token[0] === "}") depth -= 1;
    if (depth === 0) return open + token.index + 1;
  }
  return from;
}
