import { createCommand } from "./command.ts";
import { usageFailure } from "./failure.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";

export const authLogout = createCommand({
  name: "logout",
  description: "Forget the API key that `ccproxy auth login` kept.",
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
  examples: ["ccproxy auth logout openai"],
  async run(args, context) {
    const name = args.text("provider");
    if (name === undefined) throw usageFailure("auth logout needs the name of a provider");
    const { config, environment } = await loadSettings(args, context);
    const { removeKey } = await import("#app/auth.ts");
    const was = await removeKey(config, environment, name);
    await context.terminal.print(was ? `the key of ${name} is gone` : `no key of ${name} was kept`);
    return was ? 0 : 1;
  },
});
