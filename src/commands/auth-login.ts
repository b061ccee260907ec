import type { LoadedConfig } from "#config/load.ts";

import { type Context, createCommand } from "./command.ts";
import { CommandFailure, usageFailure } from "./failure.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { providerFlag, providerName } from "./provider-name.ts";
import { readSecret } from "./read-secret.ts";

export const authLogin = createCommand({
  name: "login",
  description: "Keep a provider's API key, in a file that you alone can read or in the system's keychain.",
  flags: {
    provider: providerFlag,
    keychain: { type: "boolean", description: "Keep it in the system's keychain, where there is one." },
    oauth: {
      type: "boolean",
      description:
        "Sign in with a browser instead of a key, or have a key made there; says first what the vendor says of it.",
    },
    paste: { type: "boolean", description: "With --oauth: paste what the browser shows; for one on another machine." },
    "accept-terms": { type: "boolean", description: "With --oauth: you know what the vendor says, and answer for it." },
    ...configFlags,
    ...commonFlags,
  },
  examples: [
    "ccproxy auth login openai",
    "ccproxy auth login openrouter --oauth",
    "pass show openai | ccproxy auth login openai --keychain",
  ],
  async run(args, context) {
    const { terminal } = context;
    const settings = await loadSettings(args, context);
    const name = providerName(args, settings);
    const keychain = args.isSet("keychain");
    if (args.isSet("oauth")) {
      return await signIn({ settings, name }, context, {
        keychain,
        pastes: args.isSet("paste"),
        accepts: args.isSet("accept-terms"),
      });
    }
    if (args.isSet("paste") || args.isSet("accept-terms"))
      throw usageFailure("--paste and --accept-terms go with --oauth");
    const { requirePlaceForKey, storeKey } = await import("#app/auth.ts");
    await requirePlaceForKey(settings, { name, keychain });
    const key = (await readSecret(terminal, `API key of ${name} (it is not shown): `)).trim();
    if (key === "")
      throw new CommandFailure(
        `no key came${process.stdin.isTTY ? "" : " on standard input"}; nothing was kept. Type it at a terminal, or pipe it in`,
      );
    if (!/^[\x21-\x7e]+$/.test(key))
      throw new CommandFailure("a key is one word of printable characters; nothing was kept");
    const place = await storeKey(settings, { name, key, keychain });
    await terminal.print(`kept in ${place}; a ccproxy that runs with this provider takes it up by itself`);
    return 0;
  },
});

interface Where {
  readonly settings: LoadedConfig;
  readonly name: string;
}

async function signIn(
  { settings, name }: Where,
  { terminal }: Context,
  { keychain, pastes, accepts }: { readonly [flag in "keychain" | "pastes" | "accepts"]: boolean },
): Promise<number> {
  const { openOAuthLogin } = await import("#app/oauth.ts");
  const login = openOAuthLogin(settings, { name, keychain });
  await terminal.printError(`This makes and uses ${login.terms}`);
  if (!accepts) askForConsent();
  let asked = 0;
  // Without a terminal all that comes has come with the first.
  const paste = async (question: string) =>
    process.stdin.isTTY || (asked += 1) === 1 ? await readSecret(terminal, question) : undefined;
  const wait = pastes
    ? ""
    : "\nWaiting for the browser, five minutes at most; Ctrl-C ends it. If it is on another machine, use --paste.\n";
  const path = await login.run({
    show: (url) => terminal.printError(`Open this in a browser:\n\n${url}\n${wait}`),
    paste: pastes ? paste : undefined,
  });
  await terminal.print(`kept in ${path}; a ccproxy that runs with this provider takes it up by itself`);
  return 0;
}

/** Throws CommandFailure for anything but a person's yes. */
function askForConsent(): void {
  if (!process.stdin.isTTY) throw usageFailure("nobody is here to answer for it; --accept-terms does");
  if (prompt("Go on, and answer for it? [y/N]")?.trim().toLowerCase() === "y") return;
  throw new CommandFailure("called off; nothing was kept");
}
