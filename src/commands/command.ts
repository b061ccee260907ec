/**
 * What a subcommand is: a citty command whose flags say a little more, and whose arguments were
 * checked before it runs. Commands parse, call one folder below, and print; they decide nothing else.
 */
import type { CommandDef } from "citty";

import { type Arguments, parseArguments } from "./arguments.ts";
import type { Flags } from "./flag.ts";
import type { Terminal } from "./terminal.ts";

/** What a command may use of the process it runs in. */
export interface Context {
  readonly terminal: Terminal;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Command extends CommandDef<Flags> {
  readonly meta: { readonly name: string; readonly description: string };
  readonly args: Flags;
  readonly subCommands?: Readonly<Record<string, () => Promise<Command>>>;
  /** The subcommand meant when none is named. */
  readonly default?: string;
  readonly examples: readonly string[];
}

interface CommandSpec<Name extends string> {
  readonly name: string;
  readonly description: string;
  readonly flags: Readonly<Record<Name, Flags[string]>>;
  readonly examples?: readonly string[];
  /** Resolves to the exit code. Throws CommandFailure, ConfigError or GatewayError for what is expected to fail. */
  readonly run: (args: Arguments<Name>, context: Context) => Promise<number>;
}

export function createCommand<Name extends string>(spec: CommandSpec<Name>): Command {
  const { name, description, flags, examples = [], run } = spec;
  return {
    meta: { name, description },
    args: flags,
    examples,
    run: ({ rawArgs, data }) => {
      const context: Context = data;
      return run(parseArguments(flags, rawArgs), context);
    },
  };
}
