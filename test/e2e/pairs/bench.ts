/** The built binary with backends of the table behind it, and the demo upstream behind those. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { startTokenServer } from "#credentials/testing/token-server.ts";

import { installedCodex } from "../../../scripts/lib/codex-binary.ts";
import { providerConfig } from "../codex-cli/support.ts";
import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import { newestClaude } from "../support/proxy.ts";
import { type BackendName, type PairBackend, backendNames, backends } from "./backends.ts";

type Suite = PairBackend["suite"];

const programs: Readonly<
  Record<Suite, { readonly isThere: () => boolean; readonly open: () => Promise<ProviderBench> }>
> = {
  apis: { isThere: () => true, open: openApis },
  "claude-cli": {
    isThere: () => newestClaude.length > 0,
    open: () => openProviderBench({ config: () => ({ claude: { path: newestClaude[0]?.path } }) }),
  },
  "codex-cli": { isThere: () => installedCodex() !== undefined, open: openCodex },
};

/** Says so where it has to do without. */
export function isThere(suite: Suite): boolean {
  const there = programs[suite].isThere();
  if (!there) console.log(`ABSENT ${suite} is not installed for this system: its pairs are not tested`);
  return there;
}

export const openPairBench = (suite: Suite): Promise<ProviderBench> => programs[suite].open();

/** A provider of every format, called as the table calls it, and the one that is asked by Codex's sign-in. */
async function openApis(): Promise<ProviderBench> {
  const common = { allow_private: true, max_retries: 0 };
  const own = backendNames.filter((name) => backends[name].suite === "apis" && name !== "codex-api");
  const bench = await openProviderBench({
    env: { KEY: "sk-of-the-provider" },
    config: (demo) => ({
      providers: {
        ...Object.fromEntries(own.map((name) => [name, { ...common, ...placeOf(name, demo) }])),
        "codex-api": {
          ...common,
          base_url: `${demo}/codex/v1`,
          credentials: { mine: { sign_in: "codex-auth", accept_terms: true } },
        },
      },
    }),
  });
  await signIn(bench);
  return bench;
}

function placeOf(name: BackendName, demo: string): object {
  const { speaks } = backends[name];
  return {
    base_url: speaks === "anthropic-messages" ? demo : `${demo}/compatible/v1`,
    wire_format: speaks,
    credentials: { main: { env: "KEY" } },
  };
}

/** As `codex login` leaves it in the home of its user. */
async function signIn({ proxy }: ProviderBench): Promise<void> {
  const tokens = startTokenServer();
  const { accessToken, refreshToken } = tokens.issue();
  const kept = { id_token: tokens.jwt({}), access_token: accessToken, refresh_token: refreshToken, account_id: "acc" };
  await Bun.write(join(proxy.home, ".codex/auth.json"), JSON.stringify({ auth_mode: "chatgpt", tokens: kept }));
  await tokens.stop();
}

/** It tries once: each further try costs it the more time the more there were. */
const once = "request_max_retries = 0\nstream_max_retries = 0\n";

async function openCodex(): Promise<ProviderBench> {
  const bench = await openProviderBench({ config: () => ({ codex: { enabled: true, path: installedCodex() } }) });
  const home = join(bench.proxy.home, ".codex");
  mkdirSync(home);
  writeFileSync(join(home, "config.toml"), `${providerConfig(bench.demo.url)}\n${once}`);
  return bench;
}
