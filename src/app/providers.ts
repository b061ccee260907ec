/** The APIs of the configuration as backends, each with its way over HTTP and its credentials. */
import { existsSync, readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { createAffinity, createHttpApiBackend, type HttpApiOptions } from "#backends/http-api/index.ts";
import { configDirectory } from "#config/paths.ts";
import { byModel, type Provider, providersOf } from "#config/providers.ts";
import type { Config } from "#config/schema.ts";
import type { Backend, ModelLimits } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { ProviderResponses } from "#core/provider-response.ts";
import type { Credential } from "#credentials/credential.ts";
import { type KeyFiles, openKeyFiles } from "#credentials/key-files.ts";
import type { OwnFormat } from "#credentials/oauth-flow.ts";
import { type SignInKind, signInFormats } from "#credentials/sign-in-format.ts";
import { createSignIn, type SignIn } from "#credentials/sign-in.ts";
import { credentialFrom } from "#credentials/sources.ts";
import type { TokenEndpoint } from "#credentials/token-endpoint.ts";
import { madeFrom } from "#lib/made-from.ts";
import { withoutNullish } from "#lib/without-nullish.ts";
import type { ChildJournal } from "#process/child.ts";
import type { ConnectLimit } from "#upstream/ask.ts";
import { addressOf } from "#upstream/connect-probe.ts";
import { createHostGuard, type HostGuard } from "#upstream/host-guard.ts";
import { createUpstream } from "#upstream/upstream.ts";

import { openModelList } from "./model-list.ts";
import { runProgram } from "./run-program.ts";

export interface ProviderDeps {
  /** What somebody should know of, though nothing fails by it. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** What somebody has to know although the request goes on. */
  readonly onFault?: ((message: string, extra: { readonly error: unknown }) => void) | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly journal: ChildJournal | undefined;
  /** The directory in which lists of models are kept; undefined: nowhere. */
  readonly modelLists?: string | undefined;
  /** Where it is remembered who made which response. */
  readonly responses?: ProviderResponses | undefined;
}

/** How long a program that prints a secret may take: it may ask its owner for a finger. */
const commandMs = 30_000;

/** No model writes as much, and pictures find room in it. */
const mostHeldBytes = 64 * 1024 * 1024;

/** Throws GatewayError `invalid-request` for a file that cannot be read. */
export function createProviders(config: Pick<Config, "providers">, deps: ProviderDeps): readonly Backend[] {
  return providersOf(config).map((provider) =>
    createHttpApiBackend(apiOf(provider, deps, currentCredentialsOf(provider, deps))),
  );
}

/** Those that it has now. */
type Credentials = () => readonly Credential[];

/** How it is asked with these credentials. Throws GatewayError `invalid-request` for a file that cannot be read. */
export function apiOf(provider: Provider, deps: ProviderDeps, credentials: Credentials): HttpApiOptions {
  const ca = provider.ca_file === undefined ? undefined : readCertificates(provider, provider.ca_file);
  // What others have been refused, or failed at, says nothing of these.
  const upstream = madeFrom(credentials, (current) =>
    createUpstream({
      provider: provider.title,
      settings: `providers.${provider.name}`,
      credentials: current,
      spread: provider.spread,
      connect: connectLimit(provider, deps.environment),
      responseTimeoutMs: provider.response_timeout_seconds * 1000,
      maxRetries: provider.max_retries,
      proxy: provider.proxy,
      proxySetting: proxySetting(provider, deps.environment),
      ca,
      guard: guardOf(provider, deps.environment),
      onRefused: deps.onWarning,
    }),
  );
  const { name, title, endpoints, headers, models, default_model: defaultModel } = provider;
  return {
    id: name,
    title,
    endpoints,
    headers,
    defaultModel,
    limitsOf: limitsOf(provider),
    answersAs: provider.answersAs,
    asksForUsage: provider.ask_for_usage,
    // A pattern is no name.
    models: models.filter((model) => !model.includes("*")),
    keptList: deps.modelLists === undefined ? undefined : openModelList(deps.modelLists, name, endpoints[0]?.baseUrl),
    onWarning: deps.onWarning,
    responses: deps.responses,
    affinity: createAffinity({ spreads: provider.spread === "round-robin" && credentials().length > 1 }),
    idleTimeoutMs: provider.idle_timeout_seconds * 1000,
    mostHeldBytes,
    hasKey: () => hasKey(provider, credentials()),
    upstream: { send: (call) => upstream().send(call) },
  };
}

/** As far as it is seen at no cost. */
function hasKey({ answersAs }: Provider, credentials: readonly Credential[]): boolean {
  if (credentials.length === 0) return answersAs !== "codex";
  return credentials.some(({ isMissing }) => isMissing?.() !== true);
}

/** Bun goes by these variables too, and then it is not the upstream that it connects to. */
const proxyVariables = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"];

function connectLimit(provider: Provider, environment: ProviderDeps["environment"]): ConnectLimit | undefined {
  const { proxy, connect_timeout_seconds: seconds } = provider;
  if (proxy === undefined && goesByProxy(environment)) return undefined;
  return { limitMs: seconds * 1000, address: proxy === undefined ? undefined : addressOf(proxy) };
}

function goesByProxy(environment: ProviderDeps["environment"]): boolean {
  return proxyVariables.some((name) => environment[name]);
}

/** What names the proxy, if anything does. */
function proxySetting({ name, proxy }: Provider, environment: ProviderDeps["environment"]): string | undefined {
  if (proxy !== undefined) return `providers.${name}.proxy`;
  const set = proxyVariables.filter((variable) => environment[variable]);
  return set.length === 0 ? undefined : `${set.join(" and ")} in the environment`;
}

/** A proxy looks names up itself: then they alone were judged, with the configuration. */
function guardOf(provider: Provider, environment: ProviderDeps["environment"]): HostGuard | undefined {
  if (provider.allow_private || provider.proxy !== undefined || goesByProxy(environment)) return undefined;
  return createHostGuard({ provider: provider.title, setting: `providers.${provider.name}.allow_private` });
}

function limitsOf({ limits }: Provider): (model: string) => ModelLimits | undefined {
  const rules = byModel(limits).map(([pattern, { context, output }]) => ({
    pattern,
    limits: withoutNullish({ contextWindow: context, maxOutputTokens: output }),
  }));
  return (model) => rules.find(({ pattern }) => pattern.test(model))?.limits;
}

export function credentialsOf(provider: Provider, deps: ProviderDeps): readonly Credential[] {
  return currentCredentialsOf(provider, deps)();
}

/** What is kept for it, or forgotten, while a server runs holds from its next request on. */
function currentCredentialsOf(provider: Provider, deps: ProviderDeps): Credentials {
  const { environment } = deps;
  const run = (command: readonly string[]) => runCommand(command, deps);
  const isConfigured = Object.keys(provider.credentials).length > 0;
  const login = isConfigured ? undefined : `ccproxy auth login ${provider.name}`;
  const from = (source: Source): Credential =>
    source.sign_in === undefined
      ? credentialFrom(source, { environment, run, login })
      : signInFrom(provider, { ...source, sign_in: source.sign_in }, deps);
  // What the configuration says stays as it is; what is kept elsewhere is looked for each time.
  const configured = isConfigured ? sourcesOf(provider, environment) : undefined;
  return madeFrom(
    () => configured ?? sourcesOf(provider, environment),
    (sources) => sources.map(from),
  );
}

/** Its own is one that `ccproxy auth login --oauth` made. */
type Source = Partial<Provider["credentials"][string]> & { readonly isOwn?: true };

function signInFrom(
  provider: Provider,
  { sign_in: kind, file, token_url: url, isOwn }: Source & { readonly sign_in: SignInKind },
  { environment, onFault }: ProviderDeps,
): SignIn {
  const format = isOwn ? ownFormat(provider, kind) : signInFormats[kind];
  return createSignIn({
    format,
    path: file ?? usualFile(kind, environment),
    endpoint: tokenEndpointOf(provider, url ?? format.tokenUrl, environment),
    onUnwritten: (message, error) => onFault?.(message, { error }),
  });
}

/** As the vendor's CLI has it, but for what the configuration says, and for where a new one is made. Throws GatewayError. */
export function ownFormat({ name, oauth }: Provider, kind: SignInKind): OwnFormat {
  const format = signInFormats[kind];
  const { client_id: clientId, authorize_url: authorizeUrl = format.oauth.authorizeUrl } = oauth;
  if (clientId === undefined)
    throw new GatewayError("invalid-request", `No authorization server knows ccproxy by an id for ${name}.`, {
      param: `providers.${name}.oauth.client_id`,
      hint: `The vendor gives ids to its own programs, and ccproxy does not borrow ${format.program}'s. Sign in with \`${format.command}\` and name that sign-in (docs/providers.md), take an API key, or give the id that an authorization server of your own has for ccproxy. OpenRouter asks for no id.`,
    });
  return {
    ...format,
    program: name,
    command: `ccproxy auth login ${name} --oauth`,
    tokenUrl: oauth.token_url ?? format.tokenUrl,
    oauth: {
      ...format.oauth,
      clientId,
      authorizeUrl,
      redirectUrl: oauth.redirect_url ?? format.oauth.redirectUrl,
      // The vendor's page is for the vendor's codes.
      pasteUrl: authorizeUrl === format.oauth.authorizeUrl ? format.oauth.pasteUrl : undefined,
    },
    refreshBody: (...asked) => ({ ...format.refreshBody(...asked), client_id: clientId }),
  };
}

export function tokenEndpointOf(
  provider: Provider,
  url: string,
  environment: ProviderDeps["environment"],
): TokenEndpoint {
  const { proxy, ca_file: file } = provider;
  return {
    url,
    proxy,
    ca: file === undefined ? undefined : readCertificates(provider, file),
    guard: guardOf(provider, environment),
  };
}

/** Where its CLI keeps it. */
function usualFile(kind: SignInKind, environment: ProviderDeps["environment"]): string {
  const home = environment["HOME"] ?? homedir();
  return kind === "claude-credentials"
    ? join(environment["CLAUDE_CONFIG_DIR"] || join(home, ".claude"), ".credentials.json")
    : join(environment["CODEX_HOME"] || join(home, ".codex"), "auth.json");
}

/** Those of the configuration; else the key that was stored; else the provider's usual variable. */
function sourcesOf(
  { name, credentials, usualVariable, signIn, oauth }: Provider,
  environment: ProviderDeps["environment"],
): readonly Source[] {
  const configured = Object.values(credentials);
  if (configured.length > 0) return configured;
  const keys = keyFilesOf(environment);
  if (signIn !== undefined && oauth.client_id !== undefined && existsSync(keys.signInPath(name)))
    return [{ sign_in: signIn, file: keys.signInPath(name), isOwn: true }];
  if (keys.has(name)) return [{ file: keys.path(name) }];
  if (keys.has(inKeychain(name))) return [{ keychain: name }];
  return usualVariable === undefined ? [] : [{ env: usualVariable }];
}

/** An empty file that says so: a keychain may ask its owner before it is looked into. */
export function inKeychain(name: string): string {
  return `${name}.keychain`;
}

export function keyFilesOf(environment: ProviderDeps["environment"]): KeyFiles {
  return openKeyFiles(join(configDirectory({ environment }), "keys"));
}

function readCertificates({ name }: Provider, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new GatewayError("invalid-request", `The certificates ${path} cannot be read.`, {
      param: `providers.${name}.ca_file`,
      cause,
    });
  }
}

async function runCommand(
  [command = "", ...args]: readonly string[],
  { environment, journal }: ProviderDeps,
): Promise<string> {
  const env = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const { code, stdout, stderr } = await runProgram({
    command,
    args,
    cwd: tmpdir(),
    env,
    timeoutMs: commandMs,
    ...(journal !== undefined && { journal }),
  });
  if (code === 0) return stdout;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  throw new Error(code === null ? `it took longer than ${commandMs / 1000} seconds` : `exit code ${code}: ${said}`);
}
