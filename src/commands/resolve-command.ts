import { nearest } from "#lib/nearest.ts";

import type { Command } from "./command.ts";
import { usageFailure } from "./failure.ts";
import { root } from "./root.ts";

export interface Resolved {
  readonly command: Command;
  /** `ccproxy config show`. */
  readonly title: string;
  /** The words after the subcommand. */
  readonly rest: readonly string[];
  /** Whether the subcommand was left out and the default is meant. */
  readonly implied: boolean;
}

/** Flags that are about the command named so far, not about the one meant by default. */
const ownFlags: ReadonlySet<string> = new Set(["--help", "-h", "--version", "-v"]);

/** Follows the words down the tree; without a subcommand the default is meant. Throws CommandFailure. */
export async function resolveCommand(words: readonly string[]): Promise<Resolved> {
  let command = root;
  let title = root.meta.name;
  let rest = words;
  while (command.subCommands !== undefined) {
    const [word] = rest;
    const names = Object.keys(command.subCommands);
    const isName = word !== undefined && !word.startsWith("-");
    if (!isName && (command.default === undefined || ownFlags.has(word ?? ""))) break;
    const name = isName ? word : (command.default ?? "");
    const load = Object.hasOwn(command.subCommands, name) ? command.subCommands[name] : undefined;
    if (load === undefined) throw usageFailure(unknownCommand(title, name, names));
    command = await load();
    if (!isName) return { command, title: `${title} ${name}`, rest, implied: true };
    title = `${title} ${name}`;
    rest = rest.slice(1);
  }
  return { command, title, rest, implied: false };
}

function unknownCommand(title: string, word: string, names: readonly string[]): string {
  const meant = nearest(word, names);
  const hint = meant === undefined ? `${title} has ${names.join(", ")}` : `did you mean ${title} ${meant}?`;
  return `unknown command ${JSON.stringify(word)}; ${hint}`;
}
