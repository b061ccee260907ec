/** The providers' credentials, for who looks after them: where each is kept, whether it is there, and whether it works. */
import { type Provider, providersOf } from "#config/providers.ts";
import type { Config } from "#config/schema.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import { nearest } from "#lib/nearest.ts";

import { createProviders, credentialsOf, keyFilesOf, type ProviderDeps } from "./providers.ts";

type Environment = ProviderDeps["environment"];

export interface CredentialState {
  readonly provider: string;
  readonly title: string;
  /** `OPENAI_API_KEY`, a file, a program; null where the provider asks for none. */
  readonly kept: string | null;
  /** What is wrong with it; null where nothing is. Never the secret. */
  readonly problem: string | null;
}

/** Each credential in the order it is used. With `asks`, the provider is asked for its models with it. */
export async function credentialStates(
  config: Config,
  environment: Environment,
  { asks, timeoutMs }: { readonly asks: boolean; readonly timeoutMs: number },
): Promise<readonly CredentialState[]> {
  const deps = { environment, journal: undefined };
  const states = await Promise.all(providersOf(config).map((provider) => statesOf(provider, deps)));
  if (!asks) return states.flat();
  const backends = createProviders(config, deps);
  const checked = states.map(async (of, at) => {
    const [first] = of;
    if (first === undefined || first.problem !== null) return of;
    const refusal = await backends[at]?.listModels(AbortSignal.timeout(timeoutMs)).then(() => null, explained);
    return [{ ...first, problem: refusal ?? null }, ...of.slice(1)];
  });
  return (await Promise.all(checked)).flat();
}

async function statesOf(provider: Provider, deps: ProviderDeps): Promise<readonly CredentialState[]> {
  const { name, title } = provider;
  const credentials = credentialsOf(provider, deps);
  if (credentials.length === 0) return [{ provider: name, title, kept: null, problem: null }];
  return await Promise.all(
    credentials.map(async (credential) => ({
      provider: name,
      title,
      kept: credential.label,
      problem: await credential.get().then(() => null, explained),
    })),
  );
}

function explained(thrown: unknown): string {
  return toGatewayError(thrown).explanation;
}

/** Keeps the key for a provider of the configuration; says where. Throws GatewayError for one that there is none of. */
export function storeKey(
  config: Config,
  environment: Environment,
  { name, key }: { name: string; key: string },
): string {
  const provider = findProvider(config, name);
  if (Object.keys(provider.credentials).length > 0)
    throw new GatewayError("invalid-request", `The configuration says where ${name}'s keys are kept.`, {
      hint: `Take providers.${name}.credentials out of it, or put the key there.`,
    });
  const keys = keyFilesOf(environment);
  keys.save(name, key);
  return keys.path(name);
}

/** False where none was kept. */
export function removeKey(config: Config, environment: Environment, name: string): boolean {
  findProvider(config, name);
  return keyFilesOf(environment).remove(name);
}

export function findProvider(config: Config, name: string): Provider {
  const providers = providersOf(config);
  const found = providers.find((provider) => provider.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    providers.map((provider) => provider.name),
  );
  throw new GatewayError("not-found", `The configuration has no provider ${JSON.stringify(name)}.`, {
    hint: near === undefined ? `[providers.${name}] in it makes one.` : `Did you mean ${near}?`,
  });
}
