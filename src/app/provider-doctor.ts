/** Whether each provider has something to be asked with, as far as that is seen without asking it. */
import type { Config } from "#config/schema.ts";

import { type CredentialState, credentialStates } from "./auth.ts";
import type { Check } from "./check.ts";

interface ProviderDoctorOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A program that prints a key may take its time; no provider is asked. */
const timeoutMs = 30_000;

export async function checkProviders({ config, environment }: ProviderDoctorOptions): Promise<readonly Check[]> {
  const states = await credentialStates(config, environment, { asks: false, timeoutMs });
  const lastGood = states.findLast(({ problem }) => problem === null);
  return states.map((state): Check => {
    const check = checkOf(state);
    return state === lastGood ? { ...check, action: "`ccproxy auth status --check` asks whether it works" } : check;
  });
}

function checkOf({ provider, kept, problem }: CredentialState): Check {
  if (problem !== null) return { name: "provider", status: "warn", detail: `${provider}: ${problem}` };
  return { name: "provider", status: "pass", detail: `${provider}: asked with ${kept ?? "no key"}` };
}
