import { createCommand } from "./command.ts";
import { usageFailure } from "./failure.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { withProgress } from "./progress.ts";

export const authRefresh = createCommand({
  name: "refresh",
  description: "Renew the sign-in that a provider is asked with, now.",
  flags: {
    provider: {
      type: "positional",
      required: true,
      description: "Its name in the configuration.",
      completes: "provider",
    },
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy auth refresh codex-api"],
  async run(args, context) {
    const name = args.text("provider");
    if (name === undefined) throw usageFailure("auth refresh needs the name of a provider");
    const { config, environment } = await loadSettings(args, context);
    const { refreshSignIns } = await import("#app/auth.ts");
    const renewing = refreshSignIns(config, environment, name);
    for (const { kept, expiresAt } of await withProgress(context.terminal, "asking for a new sign-in", renewing))
      await context.terminal.print(`${kept}: renewed${expiresAt === undefined ? "" : `, good until ${expiresAt}`}`);
    return 0;
  },
});
