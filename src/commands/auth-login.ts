import { createCommand } from "./command.ts";
import { CommandFailure, usageFailure } from "./failure.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { readSecret } from "./read-secret.ts";

export const authLogin = createCommand({
  name: "login",
  description: "Keep a provider's API key, in a file that you alone can read or in the system's keychain.",
  flags: {
    provider: { type: "positional", required: true, description: "Its name in the configuration." },
    keychain: { type: "boolean", description: "Keep it in the system's keychain, where there is one." },
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy auth login openai", "pass show openai | ccproxy auth login openai --keychain"],
  async run(args, context) {
    const { terminal } = context;
    const name = args.text("provider");
    if (name === undefined) throw usageFailure("auth login needs the name of a provider");
    const { config, environment } = await loadSettings(args, context);
    const key = (await readSecret(terminal, `API key of ${name} (it is not shown): `)).trim();
    if (!/^[\x21-\x7e]+$/.test(key))
      throw new CommandFailure("a key is one word of printable characters; nothing was kept");
    const { storeKey } = await import("#app/auth.ts");
    const place = await storeKey(config, environment, { name, key, keychain: args.isSet("keychain") });
    await terminal.print(`kept in ${place}; a ccproxy that runs takes it up when it starts again`);
    return 0;
  },
});
