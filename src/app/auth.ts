/** The providers' credentials, for who looks after them: where each is kept, whether it is there, and whether it works. */
import { dirname } from "node:path";

import { checkCredential, type Verdict } from "#backends/http-api/index.ts";
import type { LoadedConfig } from "#config/load.ts";
import { knownProviders, type Provider, providersOf } from "#config/providers.ts";
import type { Config } from "#config/schema.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import { startDeadline } from "#core/run-signal.ts";
import type { Credential } from "#credentials/credential.ts";
import { keyInKeychain, removeFromKeychain, saveInKeychain } from "#credentials/keychain.ts";
import { nearest } from "#lib/nearest.ts";
import { redactText } from "#lib/redact.ts";

import { apiOf, credentialsOf, inKeychain, keyFilesOf, type ProviderDeps } from "./providers.ts";

type Environment = ProviderDeps["environment"];

export interface CredentialState {
  readonly provider: string;
  readonly title: string;
  /** `OPENAI_API_KEY`, a file, a program; null where the provider asks for none. */
  readonly kept: string | null;
  /** What is wrong with it; null where nothing is known to be. Never the secret. */
  readonly problem: string | null;
  /** What the provider said of it just now; undefined where it was not asked, or there is nothing to ask with. */
  readonly check?: Verdict["check"] | undefined;
  /** Why that is `unknown`. */
  readonly note?: string | undefined;
  /** Of a sign-in: its plan, and when it ends, in ISO 8601. */
  readonly plan?: string | undefined;
  readonly expiresAt?: string | undefined;
}

/** Each credential in the order it is used. With `asks`, the provider is asked with each by itself. */
export async function credentialStates(
  config: Config,
  environment: Environment,
  { asks, timeoutMs }: { readonly asks: boolean; readonly timeoutMs: number },
): Promise<readonly CredentialState[]> {
  const states = providersOf(config).map(async (provider): Promise<readonly CredentialState[]> => {
    const unwritten: string[] = [];
    const deps = { environment, journal: undefined, onFault: (message: string) => unwritten.push(message) };
    try {
      const credentials = credentialsOf(provider, deps);
      const all = credentials.length === 0 ? [undefined] : credentials;
      const rows = await Promise.all(
        all.map(async (credential): Promise<CredentialState> => {
          const state = credential === undefined ? withoutKey(provider) : await stateOf(provider, credential);
          if (!asks || state.problem !== null) return state;
          return { ...state, ...(await checked({ provider, credential, deps, timeoutMs })) };
        }),
      );
      // To look at a sign-in may renew it, and what is not written is lost with this process.
      return rows.map((row) => ({
        ...row,
        problem: unwritten.find((message) => row.kept !== null && message.includes(row.kept)) ?? row.problem,
      }));
    } catch (thrown) {
      // Of what one provider is told wrongly the others' states are no worse.
      return [{ ...withoutKey(provider), problem: explained(thrown) }];
    }
  });
  return (await Promise.all(states)).flat();
}

function withoutKey({ name, title, answersAs }: Provider): CredentialState {
  const problem = answersAs === "codex" ? "It is asked with a sign-in (docs/providers.md)." : null;
  return { provider: name, title, kept: null, problem };
}

/** Never throws. */
async function stateOf({ name, title }: Provider, credential: Credential): Promise<CredentialState> {
  const row = { provider: name, title, kept: credential.label };
  try {
    await credential.get();
    const { plan, expiresAt } = (await credential.state?.()) ?? {};
    return {
      ...row,
      problem: null,
      ...(plan !== undefined && { plan }),
      ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    };
  } catch (thrown) {
    return { ...row, problem: explained(thrown) };
  }
}

interface Checking {
  readonly provider: Provider;
  readonly credential: Credential | undefined;
  readonly deps: ProviderDeps;
  readonly timeoutMs: number;
}

async function checked({
  provider,
  credential,
  deps,
  timeoutMs,
}: Checking): Promise<Pick<CredentialState, "check" | "note"> & Partial<Pick<CredentialState, "problem">>> {
  const reason = new GatewayError("timeout", `${provider.title} did not answer within ${timeoutMs / 1000} seconds.`);
  const deadline = startDeadline(timeoutMs, reason);
  try {
    const bare = credential && apiOf(provider, deps, () => []);
    const alone = credential === undefined ? [] : [credential];
    const api = apiOf(provider, deps, () => alone);
    const { check, why } = await checkCredential(api, bare, deadline.signal);
    const said = why && (await withoutSecret(why, credential));
    return check === "unknown" ? { check, note: said } : { check, problem: said ?? null };
  } finally {
    deadline.release();
  }
}

/** Some APIs repeat in a refusal what they were asked with. */
async function withoutSecret(text: string, credential: Credential | undefined): Promise<string> {
  const secret = await credential?.look();
  return redactText(secret === undefined ? text : text.replaceAll(secret, "[redacted]"));
}

function explained(thrown: unknown): string {
  return toGatewayError(thrown).explanation;
}

export type Settings = Pick<LoadedConfig, "config" | "environment" | "userFile">;

/** The one that a key or a sign-in is to be kept for. Throws GatewayError where there is none, or nothing can be kept. */
export function providerToKeepFor({ config, userFile }: Settings, name: string): Provider {
  const provider = findProvider(config, name, userFile);
  const labels = Object.keys(provider.credentials);
  if (labels.length === 0) return provider;
  const key = `providers.${name}.credentials`;
  throw new GatewayError("invalid-request", `The configuration says where ${name}'s keys are kept.`, {
    hint: `Put the key where ${labels.map((label) => `${key}.${label}`).join(" or ")} says, or take ${key} out of it.`,
  });
}

interface WhereToKeep {
  readonly name: string;
  /** Rather than in a file. */
  readonly keychain: boolean;
}

/** Before a person is asked for it. Throws GatewayError where a key could not be kept. */
export async function requirePlaceForKey(settings: Settings, { name, keychain }: WhereToKeep): Promise<void> {
  providerToKeepFor(settings, name);
  if (keychain) await requireKeychain(name);
}

/** Keeps the key for a provider of the configuration; says where. Throws GatewayError for one that there is none of. */
export async function storeKey(
  settings: Settings,
  { name, key, keychain }: WhereToKeep & { readonly key: string },
): Promise<string> {
  providerToKeepFor(settings, name);
  const keys = keyFilesOf(settings.environment);
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
  return await Promise.all(signIns.map((signIn) => stateOf(provider, signIn)));
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

/** With the user's own file, it says how there would be one. Throws GatewayError where there is none. */
function findProvider(config: Config, name: string, userFile?: string): Provider {
  const providers = providersOf(config);
  const found = providers.find((provider) => provider.name === name);
  if (found !== undefined) return found;
  const names = providers.map((provider) => provider.name);
  // Of one's own rather than one that is yet to be written.
  const near = knownProviders.includes(name) ? undefined : (nearest(name, names) ?? nearest(name, knownProviders));
  const meant = near ?? name;
  const question = near === undefined ? "" : `Did you mean ${near}? `;
  throw new GatewayError("not-found", `The configuration has no provider ${JSON.stringify(name)}.`, {
    hint: names.includes(meant) ? question.trim() : `${question}${howToMake(meant, userFile)}`,
  });
}

function howToMake(name: string, userFile = "the configuration"): string {
  const line = `[providers.${name}]`;
  if (!knownProviders.includes(name))
    return `${line} with a base_url in ${userFile} makes one; known without it are ${knownProviders.join(", ")}.`;
  if (!userFile.endsWith(".toml")) return `An empty table providers.${name} in ${userFile} makes one.`;
  if (process.platform === "win32") return `The line ${line} at the end of ${userFile} makes one.`;
  const [folder, file] = [dirname(userFile), userFile].map(shellWord);
  return `The line ${line} at the end of ${userFile} makes one: mkdir -p ${folder} && printf '\\n${line}\\n' >> ${file}`;
}

const shellWord = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
