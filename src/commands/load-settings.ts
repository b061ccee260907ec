import { loadConfig, type LoadedConfig } from "#config/load.ts";

import type { Arguments } from "./arguments.ts";
import type { Context } from "./command.ts";

/** The configuration as this command line, this environment and this directory make it. Throws ConfigError. */
export async function loadSettings(
  args: Arguments<"config" | "env-file">,
  { cwd, environment }: Context,
): Promise<LoadedConfig> {
  return await loadConfig({
    cwd,
    environment,
    flags: args.settings,
    configFile: args.text("config"),
    envFile: args.text("env-file"),
  });
}
