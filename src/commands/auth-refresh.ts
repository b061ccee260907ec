import { createCommand } from "./command.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { withProgress } from "./progress.ts";
import { providerFlag, providerName } from "./provider-name.ts";

export const authRefresh = createCommand({
  name: "refresh",
  description: "Renew the sign-in that a provider is asked with, now.",
  flags: {
    provider: providerFlag,
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy auth refresh codex-api"],
  async run(args, context) {
    const settings = await loadSettings(args, context);
    const name = providerName(args, settings);
    const { config, environment } = settings;
    const { refreshSignIns } = await import("#app/auth.ts");
    const renewing = refreshSignIns(config, environment, name);
    for (const { kept, expiresAt } of await withProgress(context.terminal, "asking for a new sign-in", renewing))
      await context.terminal.print(`${kept}: renewed${expiresAt === undefined ? "" : `, good until ${expiresAt}`}`);
    return 0;
  },
});
