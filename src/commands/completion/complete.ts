/** What could stand at the cursor: read from the same definitions that check the words once they are entered. */
import type { Command } from "#commands/command.ts";
import type { Flag, Flags } from "#commands/flag.ts";

export interface Candidate {
  /** A word, or `:files` or `:directories` for the shell to find by itself, or `:providers`. */
  readonly word: string;
  readonly description: string;
}

/** `words` are those before the cursor's word, without the program; `current` is what stands of that one. */
export async function complete(
  root: Command,
  words: readonly string[],
  current: string,
): Promise<readonly Candidate[]> {
  const { command, rest } = await descend(root, words);
  if (command.meta.name === "help") return await completeHelp(root, rest, current);
  if (command.subCommands === undefined) return completeLeaf(command.args, rest, current);
  if (rest.some((word) => !word.startsWith("-"))) return [];
  if (!current.startsWith("-")) return startingWith(current, await namesOf(command));
  const meant = command.default === undefined ? undefined : await command.subCommands[command.default]?.();
  return completeLeaf({ ...meant?.args, ...command.args }, rest, current);
}

interface Place {
  readonly command: Command;
  readonly rest: readonly string[];
}

/** As the words are resolved when they are run, but a word that is wrong ends the descent in peace. */
async function descend(root: Command, words: readonly string[]): Promise<Place> {
  let command = root;
  let rest = words;
  while (command.subCommands !== undefined && rest.length > 0) {
    const { subCommands, default: meant } = command;
    const word = rest[0] ?? "";
    const isFlag = word.startsWith("-");
    const name = isFlag ? (meant ?? "") : word;
    const load = Object.hasOwn(subCommands, name) ? subCommands[name] : undefined;
    if (load === undefined) break;
    command = await load();
    if (!isFlag) rest = rest.slice(1);
  }
  return { command, rest };
}

async function completeHelp(root: Command, words: readonly string[], current: string): Promise<readonly Candidate[]> {
  const { command } = await descend(root, words);
  return command.subCommands === undefined ? [] : startingWith(current, await namesOf(command));
}

async function namesOf({ subCommands = {} }: Command): Promise<readonly Candidate[]> {
  return await Promise.all(
    Object.entries(subCommands).map(async ([word, load]) => ({ word, description: (await load()).meta.description })),
  );
}

function completeLeaf(flags: Flags, words: readonly string[], current: string): readonly Candidate[] {
  if (words.includes("--")) return [];
  const waiting = flagOf(flags, words.at(-1) ?? "");
  if (waiting !== undefined && waiting.type !== "boolean") return valuesOf(waiting, current);
  const equals = current.indexOf("=");
  if (current.startsWith("--") && equals !== -1) {
    const flag = flagOf(flags, current.slice(0, equals));
    return flag === undefined || flag.type === "boolean" ? [] : valuesOf(flag, current.slice(equals + 1));
  }
  return current.startsWith("-") ? completeFlags(flags, words, current) : completePositional(flags, words, current);
}

/** A flag that is there already is offered again only if it may be repeated. */
function completeFlags(flags: Flags, words: readonly string[], current: string): readonly Candidate[] {
  const given = new Set(words.map((word) => flagOf(flags, word.split("=", 1).join(""))));
  const candidates = Object.entries(flags).flatMap(([name, flag]) =>
    flag.type === "positional" || (given.has(flag) && flag.repeatable !== true)
      ? []
      : [{ word: `--${name}`, description: flag.description }],
  );
  return startingWith(current, candidates);
}

function completePositional(flags: Flags, words: readonly string[], current: string): readonly Candidate[] {
  const positionals = Object.values(flags).filter(({ type }) => type === "positional");
  const given = words.filter((word, index) => !word.startsWith("-") && !takesValue(flags, words[index - 1])).length;
  const next = positionals[given];
  return next === undefined ? [] : valuesOf(next, current);
}

function takesValue(flags: Flags, word: string | undefined): boolean {
  const flag = word === undefined ? undefined : flagOf(flags, word);
  return flag !== undefined && flag.type !== "boolean";
}

function flagOf(flags: Flags, word: string): Flag | undefined {
  if (!word.startsWith("-")) return undefined;
  return Object.entries(flags).find(
    ([name, flag]) => flag.type !== "positional" && (word === `--${name}` || word === `-${flag.alias}`),
  )?.[1];
}

function valuesOf({ options, completes }: Flag, current: string): readonly Candidate[] {
  if (options !== undefined)
    return startingWith(
      current,
      options.map((word) => ({ word, description: "" })),
    );
  if (completes === undefined) return [];
  const words = { file: ":files", directory: ":directories", provider: ":providers" } as const;
  return [{ word: words[completes], description: "" }];
}

function startingWith(start: string, candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(start));
}
