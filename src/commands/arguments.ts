/** Checks and reads the words after a subcommand by its flag definitions; anything they do not say is refused. */
import { nearest } from "#lib/nearest.ts";
import { splitList } from "#lib/split-list.ts";

import { usageFailure } from "./failure.ts";
import type { Flag, Flags } from "./flag.ts";

export interface Arguments<Name extends string> {
  /** The value of a flag or positional; undefined when it was not given. */
  text(name: Name): string | undefined;
  /** A number of a flag that has a range. */
  number(name: Name): number | undefined;
  /** All that a repeatable flag was given. */
  list(name: Name): readonly string[];
  isSet(name: Name): boolean;
  /** The flags that stand for settings, as the configuration wants them. */
  readonly settings: readonly Setting[];
}

interface Setting {
  readonly flag: string;
  readonly key: string;
  readonly value: string | boolean | readonly string[];
}

type Value = string | boolean | readonly string[];

interface Parsing {
  readonly flags: Flags;
  readonly values: Map<string, Value>;
  readonly positionals: string[];
}

/** Throws CommandFailure with exit code 2. */
export function parseArguments<Name extends string>(flags: Flags, rawArgs: readonly string[]): Arguments<Name> {
  const parsing: Parsing = { flags, values: new Map(), positionals: [] };
  const rest = [...rawArgs];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") parsing.positionals.push(...rest.splice(0));
    else if (word.startsWith("-") && word.length > 1) readFlag(parsing, word, rest);
    else parsing.positionals.push(word);
  }
  assignPositionals(parsing);
  const { values } = parsing;
  const text = (name: Name) => {
    const value = values.get(name);
    return typeof value === "string" ? value : undefined;
  };
  return {
    text,
    number: (name) => {
      const value = text(name);
      return value === undefined ? undefined : Number(value);
    },
    list(name) {
      const value = values.get(name);
      return typeof value === "object" ? value : [];
    },
    isSet: (name) => values.get(name) === true,
    settings: [...values].flatMap(([name, value]) => {
      const key = flags[name]?.key;
      return key === undefined ? [] : [{ flag: `--${name}`, key, value }];
    }),
  };
}

function readFlag(parsing: Parsing, word: string, rest: string[]): void {
  const equals = word.indexOf("=");
  const written = equals === -1 ? word : word.slice(0, equals);
  const inline = equals === -1 ? undefined : word.slice(equals + 1);
  const { name, flag, negated } = findFlag(parsing.flags, written);
  if (flag.type === "boolean") {
    addValue(parsing, name, readBoolean(written, inline, negated));
    return;
  }
  const value = inline ?? takeValue(written, flag, rest);
  checkValue(written, flag, value);
  addValue(parsing, name, value);
}

function findFlag(flags: Flags, written: string): { name: string; flag: Flag; negated: boolean } {
  const spelled = written.replace(/^--?/, "");
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.type === "positional") continue;
    const isThis = written.startsWith("--") ? name === spelled : flag.alias === spelled;
    if (isThis) return { name, flag, negated: false };
    // Only what stands for a setting can be on already; `--no-json` would say nothing.
    if (flag.type === "boolean" && flag.key !== undefined && written === `--no-${name}`)
      return { name, flag, negated: true };
  }
  const names = Object.entries(flags).flatMap(([name, { type }]) => (type === "positional" ? [] : [name]));
  const meant = nearest(spelled, names);
  throw usageFailure(`unknown flag ${written}; ${meant === undefined ? "see --help" : `did you mean --${meant}?`}`);
}

function readBoolean(written: string, inline: string | undefined, negated: boolean): boolean {
  if (inline === undefined) return !negated;
  const value = inline.toLowerCase();
  if (!negated && (value === "true" || value === "1")) return true;
  if (!negated && (value === "false" || value === "0")) return false;
  throw usageFailure(`${written} takes no value; got ${JSON.stringify(inline)}`);
}

function takeValue(written: string, flag: Flag, rest: string[]): string {
  const next = rest[0];
  const hint = flag.valueHint === undefined ? "" : `, as in ${written} <${flag.valueHint}>`;
  if (next === undefined) throw usageFailure(`${written} needs a value${hint}`);
  // `-5` is a value that is then found to be out of range; `-x` is far more often a forgotten value.
  if (/^-./.test(next) && !/^-\d/.test(next))
    throw usageFailure(`${written} needs a value${hint}; one that begins with a dash is written ${written}=${next}`);
  rest.shift();
  return next;
}

function checkValue(written: string, { options, range }: Flag, value: string): void {
  if (options !== undefined && !options.includes(value)) {
    const meant = nearest(value, options);
    const hint = meant === undefined ? `it is one of ${options.join(", ")}` : `did you mean ${meant}?`;
    throw usageFailure(`${written} cannot be ${JSON.stringify(value)}; ${hint}`);
  }
  if (range === undefined) return;
  const [least, most] = range;
  if (!/^-?\d+$/.test(value) || Number(value) < least || Number(value) > most)
    throw usageFailure(`${written} must be a whole number from ${least} to ${most}, got ${JSON.stringify(value)}`);
}

function addValue({ flags, values }: Parsing, name: string, value: string | boolean): void {
  const earlier = values.get(name);
  if (typeof value === "string" && flags[name]?.repeatable === true) {
    values.set(name, [...(Array.isArray(earlier) ? earlier : []), ...splitList(value)]);
    return;
  }
  if (earlier !== undefined) throw usageFailure(`--${name} was given twice; give it once`);
  values.set(name, value);
}

function assignPositionals({ flags, values, positionals }: Parsing): void {
  const wanted = Object.entries(flags).filter(([, { type }]) => type === "positional");
  for (const [name, flag] of wanted) {
    const word = positionals.shift();
    if (word !== undefined) {
      checkValue(name, flag, word);
      values.set(name, word);
    } else if (flag.required === true) {
      const choices = flag.options === undefined ? "" : `: ${flag.options.join(", ")}`;
      throw usageFailure(`${name} is missing${choices}`);
    }
  }
  const [stray] = positionals;
  if (stray !== undefined) throw usageFailure(`nothing is expected at ${JSON.stringify(stray)}; see --help`);
}
