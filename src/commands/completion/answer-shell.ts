import type { Context } from "#commands/command.ts";
import { root } from "#commands/root.ts";
import { loadConfig } from "#config/load.ts";
import { knownProviders } from "#config/providers.ts";

import { complete } from "./complete.ts";

/**
 * What the completion scripts ask: `__complete SHELL =CURRENT BEFORE…`. Prints a word and, behind a
 * tab, what it means, one to a line.
 */
export async function answerShell(
  [shell, marked = "=", ...before]: readonly string[],
  context: Context,
): Promise<number> {
  const current = marked.replace(/^=/, "");
  const joined = shell === "bash" ? joinAtEquals([...before, current]) : [...before, current];
  const word = joined.at(-1) ?? "";
  const candidates = await complete(root, joined.slice(0, -1), word);
  const found = candidates.some((candidate) => candidate.word === ":providers")
    ? (await providerNames(context)).filter((name) => name.startsWith(word)).map(namedOnly)
    : candidates;
  // bash and zsh replace the value alone, the others the whole word.
  const prefix = shell === "bash" || shell === "zsh" ? "" : (/^--[^=]*=/.exec(word)?.[0] ?? "");
  const lines = found.map(({ word: candidate, description }) =>
    candidate.startsWith(":") ? candidate : `${prefix}${candidate}${description === "" ? "" : `\t${description}`}`,
  );
  if (lines.length > 0) await context.terminal.print(lines.join("\n"));
  return 0;
}

const namedOnly = (name: string) => ({ word: name, description: "" });

/** Those of the configuration, and those that it could have by name alone. */
async function providerNames({ cwd, environment }: Context): Promise<readonly string[]> {
  // What is wrong with it is for the command to say.
  const loaded = await loadConfig({ cwd, environment }).catch(() => undefined);
  return [...new Set([...Object.keys(loaded?.config.providers ?? {}), ...knownProviders])];
}

/** bash splits `--log-level=in` into three words. */
function joinAtEquals(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const [index, word] of words.entries()) {
    const continues = word === "=" || words[index - 1] === "=";
    const previous = joined.at(-1);
    if (continues && previous?.startsWith("--") === true) joined[joined.length - 1] = previous + word;
    else joined.push(word);
  }
  return joined;
}
