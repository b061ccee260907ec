import { createCommand } from "./command.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { providerFlag, providerName } from "./provider-name.ts";

export const authLogout = createCommand({
  name: "logout",
  description: "Forget the API key that `ccproxy auth login` kept.",
  flags: {
    provider: providerFlag,
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy auth logout openai"],
  async run(args, context) {
    const settings = await loadSettings(args, context);
    const name = providerName(args, settings);
    const { config, environment } = settings;
    const { removeKey } = await import("#app/auth.ts");
    const was = await removeKey(config, environment, name);
    await context.terminal.print(was ? `the key of ${name} is gone` : `no key of ${name} was kept`);
    return was ? 0 : 1;
  },
});
