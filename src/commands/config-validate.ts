import { ConfigError } from "#config/config-error.ts";
import { loadConfig } from "#config/load.ts";
import { providerNotices } from "#config/providers.ts";

import { createCommand } from "./command.ts";
import { usageFailure } from "./failure.ts";
import { commonFlags, configFlags } from "./flag.ts";

export const configValidate = createCommand({
  name: "validate",
  description: "Check the configuration, or one file, and list what is wrong.",
  flags: {
    file: { type: "positional", required: false, description: "Check this file instead.", completes: "file" },
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy config validate", "ccproxy config validate ./ccproxy.toml"],
  async run(args, { terminal, cwd, environment }) {
    const file = args.text("file");
    if (file !== undefined && args.text("config") !== undefined)
      throw usageFailure("give the file once: as the argument or with --config");
    try {
      const { files, config } = await loadConfig({
        cwd,
        environment,
        configFile: file ?? args.text("config"),
        envFile: args.text("env-file"),
      });
      await terminal.print(
        files.length === 0 ? "ok: there is no file, only defaults and the environment" : `ok: ${files.join(", ")}`,
      );
      for (const notice of providerNotices(config)) await terminal.print(`note: ${notice}`);
      return 0;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      await terminal.printError(error.problems.map((problem) => `error: ${problem}`).join("\n"));
      return 2;
    }
  },
});
