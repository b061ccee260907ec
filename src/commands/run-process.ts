/** Runs the command line of this process: words in, exit code out, expected failures as one line. */
import { runCommand } from "citty";

import { ConfigError } from "#config/config-error.ts";

import { parseArguments } from "./arguments.ts";
import type { Context } from "./command.ts";
import { CommandFailure, usageFailure } from "./failure.ts";
import { renderHelp } from "./render-help.ts";
import { type Resolved, resolveCommand } from "./resolve-command.ts";
import { createTerminal } from "./terminal.ts";
import { versionOfThis } from "./version.ts";

export async function runProcess(): Promise<void> {
  const context: Context = {
    terminal: createTerminal(process.env),
    cwd: process.cwd(),
    environment: process.env,
  };
  process.exit(await runWords(process.argv.slice(2), context));
}

/** Exit codes: 0 done, 1 an expected failure, 2 a wrong command line or configuration. */
export async function runWords(words: readonly string[], context: Context): Promise<number> {
  try {
    if (words[0] === "__complete") {
      const { answerShell } = await import("./completion/answer-shell.ts");
      return await answerShell(words.slice(1), context);
    }
    const resolved = await resolveCommand(words);
    const { command, rest } = resolved;
    if (wantsHelp(rest)) {
      await context.terminal.print(await renderHelp(resolved, context.terminal));
      return 0;
    }
    if (command.run === undefined) return await runGroup(resolved, context);
    // citty reads the words again, but takes whatever it does not know; what is wrong must be said before.
    parseArguments(command.args, rest);
    const { result } = await runCommand(command, { rawArgs: [...rest], data: context });
    return typeof result === "number" ? result : 0;
  } catch (error) {
    const { message, exitCode } = explain(error);
    await context.terminal.printError(`error: ${message}`);
    return exitCode;
  }
}

/** `ccproxy --version` among other words, or a command that wants one more, as `ccproxy config`. */
async function runGroup({ command, rest, title }: Resolved, { terminal }: Context): Promise<number> {
  const args = parseArguments(command.args, rest);
  if (!args.isSet("version")) {
    const names = Object.keys(command.subCommands ?? {}).join(", ");
    throw usageFailure(`${title} needs a command: ${names}`);
  }
  await terminal.print(versionOfThis());
  return 0;
}

/** `--` ends the flags, so a `--help` behind it is a word. */
function wantsHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return (end === -1 ? words : words.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

interface Explained {
  readonly message: string;
  readonly exitCode: number;
}

/** What a person is told of a failure. Only a fault of ours shows its stack: it is asked to be reported. */
function explain(error: unknown): Explained {
  if (error instanceof CommandFailure) return { message: oneLine(error.message), exitCode: error.exitCode };
  if (error instanceof ConfigError) return { message: oneLine(error.message), exitCode: 2 };
  if (isExplained(error)) return { message: oneLine(error.explanation), exitCode: 1 };
  if (error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("E"))
    return { message: oneLine(error.message), exitCode: 1 };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message: `a fault in ccproxy, please report it\n${stack}`, exitCode: 1 };
}

/** A GatewayError, which commands may not name: it comes out of app/. */
function isExplained(error: unknown): error is { readonly explanation: string } {
  return error instanceof Error && "explanation" in error && typeof error.explanation === "string";
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
