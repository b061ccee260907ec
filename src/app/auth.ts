/** The providers' credentials, for who looks after them: where each is kept, whether it is there, and whether it works. */
import { type Provider, providersOf } from "#config/providers.ts";
import type { Config } from "#config/schema.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import { keyInKeychain, removeFromKeychain, saveInKeychain } from "#credentials/keychain.ts";
import { nearest } from "#lib/nearest.ts";

import { createProviders, credentialsOf, inKeychain, keyFilesOf, type ProviderDeps } from "./providers.ts";

type Environment = ProviderDeps["environment"];

export interface CredentialState {
  readonly provider: string;
  readonly title: string;
  /** `OPENAI_API_KEY`, a file, a program; null where the provider asks for none. */
  readonly kept: string | null;
  /** What is wrong with it; null where nothing is known to be. Never the secret. */
  readonly problem: string | null;
  /** The provider took it just now. */
  readonly works?: boolean | undefined;
  /** Of a sign-in: its plan, and when it ends, in ISO 8601. */
  readonly plan?: string | undefined;
  readonly expiresAt?: string | undefined;
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
    // Where there are several, another may have stood in for the first.
    const works = of.length === 1 && refusal === null;
    return [{ ...first, problem: refusal ?? null, works }, ...of.slice(1)];
  });
  return (await Promise.all(checked)).flat();
}

async function statesOf(provider: Provider, deps: ProviderDeps): Promise<readonly CredentialState[]> {
  const { name, title } = provider;
  const credentials = credentialsOf(provider, deps);
  if (credentials.length === 0) {
    const problem = provider.answersAs === "codex" ? "It is asked with a sign-in (docs/providers.md)." : null;
    return [{ provider: name, title, kept: null, problem }];
  }
  return await Promise.all(
    credentials.map(async (credential) => {
      const problem = await credential.get().then(() => null, explained);
      const { plan, expiresAt } = (problem === null ? await credential.state?.() : undefined) ?? {};
      return {
        provider: name,
        title,
        kept: credential.label,
        problem,
        ...(plan !== undefined && { plan }),
        ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
      };
    }),
  );
}

function explained(thrown: unknown): string {
  return toGatewayError(thrown).explanation;
}

interface KeyToStore {
  readonly name: string;
  readonly key: string;
  /** Rather than in a file. */
  readonly keychain: boolean;
}

/** Keeps the key for a provider of the configuration; says where. Throws GatewayError for one that there is none of. */
export async function storeKey(
  config: Config,
  environment: Environment,
  { name, key, keychain }: KeyToStore,
): Promise<string> {
  const provider = findProvider(config, name);
  if (Object.keys(provider.credentials).length > 0)
    throw new GatewayError("invalid-request", `The configuration says where ${name}'s keys are kept.`, {
      hint: `Take providers.${name}.credentials out of it, or put the key there.`,
    });
  const keys = keyFilesOf(environment);
  if (!keychain) {
    keys.save(name, key);
    return keys.path(name);
  }
  await saveInKeychain(name, key).catch(noKeychain);
  keys.remove(name);
  keys.save(inKeychain(name), "");
  return `the system's keychain, as ${name} of ccproxy`;
}

/** Throws GatewayError where there is none to keep a key in. */
export async function requireKeychain(name: string): Promise<void> {
  await keyInKeychain(name).catch(noKeychain);
}

function noKeychain(cause: unknown): never {
  throw new GatewayError("unavailable", "The system's keychain cannot be used.", {
    hint: "Leave --keychain out to keep the key in a file that you alone can read.",
    cause,
  });
}

/** Wherever it is kept; false where none was. */
export async function removeKey(config: Config, environment: Environment, name: string): Promise<boolean> {
  findProvider(config, name);
  const keys = keyFilesOf(environment);
  const had = keys.remove(inKeychain(name)) && (await removeFromKeychain(name));
  return keys.remove(name) || had;
}

/** Renews the sign-ins of a provider; says where each is kept and when it ends. Throws GatewayError. */
export async function refreshSignIns(
  config: Config,
  environment: Environment,
  name: string,
): Promise<readonly CredentialState[]> {
  const provider = findProvider(config, name);
  const unwritten: string[] = [];
  const deps = { environment, journal: undefined, onFault: (message: string) => unwritten.push(message) };
  const signIns = credentialsOf(provider, deps).filter(({ refresh }) => refresh !== undefined);
  if (signIns.length === 0)
    throw new GatewayError("invalid-request", `${name} is asked with keys, which need no renewal.`, {
      hint: `providers.${name}.credentials.*.sign_in in the configuration makes a sign-in of one.`,
    });
  for (const { refresh } of signIns) await refresh?.();
  const [problem] = unwritten;
  if (problem !== undefined) throw new GatewayError("unavailable", problem);
  return await statesOf(provider, deps);
}

export interface ProviderFacts {
  readonly provider: string;
  readonly title: string;
  /** The APIs it speaks, each with the host it is at. */
  readonly apis: readonly string[];
  /** Where its keys come from, in order. */
  readonly keys: readonly string[];
}

/** What there is, without looking at any key. */
export function providerFacts(config: Config, environment: Environment): readonly ProviderFacts[] {
  return providersOf(config).map((provider) => ({
    provider: provider.name,
    title: provider.title,
    apis: provider.endpoints.map(({ format, baseUrl }) => `${format} at ${new URL(baseUrl).host}`),
    keys: credentialsOf(provider, { environment, journal: undefined }).map(({ label }) => label),
  }));
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
