/** The words after a directive's verb, read the way each verb needs them. */
export interface DirectiveArguments {
  /** Everything after the verb, trimmed. */
  readonly raw: string;
  /** The words which are not `name=value`. */
  readonly words: readonly string[];
  /** Everything after the first `skip` words. */
  after(skip: number): string;
  /** A word as a count; undefined when it is absent or not a whole number of zero or more. */
  count(at: number): number | undefined;
  /** `name=123`. */
  option(name: string): number | undefined;
  /** `name=word` or `name="several words"`. */
  text(name: string): string | undefined;
}

const optionPattern = /(?<=^|\s)([a-z][a-z0-9-]*)=(?:"([^"]*)"|(\S+))/g;

export function readArguments(raw: string): DirectiveArguments {
  const options = new Map<string, string>();
  for (const [, name, quoted, bare] of raw.matchAll(optionPattern))
    if (name !== undefined) options.set(name, quoted ?? bare ?? "");
  const words = raw
    .replace(optionPattern, "")
    .split(/\s+/)
    .filter((word) => word !== "");
  return {
    raw,
    words,
    after: (skip) => raw.replace(new RegExp(`^(?:\\S+\\s*){0,${skip}}`), ""),
    count: (at) => wholeNumber(words[at]),
    option: (name) => wholeNumber(options.get(name)),
    text: (name) => options.get(name),
  };
}

function wholeNumber(word: string | undefined): number | undefined {
  return word !== undefined && /^\d{1,9}$/.test(word) ? Number(word) : undefined;
}
