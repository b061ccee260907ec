/** The providers of the configuration, each with what is known of one of its name, and what is wrong with them. */
import { nearest } from "#lib/nearest.ts";

import { privateProblems, privateUrlProblems, proxyProblems } from "./private-urls.ts";
import type { wireFormats } from "./schema-parts.ts";
import type { Config } from "./schema.ts";

type WireFormat = (typeof wireFormats)[number];
type Settings = Config["providers"][string];
type Source = Settings["credentials"][string];
type KeyFlow = NonNullable<Settings["oauth"]["flow"]>;

export interface Provider extends Omit<Settings, "base_url" | "wire_format" | "endpoints" | "models" | "title"> {
  readonly name: string;
  readonly title: string;
  /** The one that is asked in other formats comes first. */
  readonly endpoints: readonly { readonly format: WireFormat; readonly baseUrl: string }[];
  readonly models: readonly string[];
  /** Variable that its key is looked for in, where the configuration does not say and none was stored. */
  readonly usualVariable: string | undefined;
  /** It takes less than the API it speaks. */
  readonly answersAs: "codex" | undefined;
  /** Whose list of prices it is billed by; undefined where that is nobody's. */
  readonly prices: string | undefined;
  /** What `ccproxy auth login NAME --oauth` makes; undefined where nothing is known of one. */
  readonly signIn: Source["sign_in"];
  /** Instead of that, the way on which it makes a key; undefined where the provider has none. */
  readonly keyFlow: KeyFlow | undefined;
}

interface Known {
  readonly title: string;
  readonly endpoints: Partial<Record<WireFormat, string>>;
  readonly variable?: string;
  readonly models: readonly string[];
  /** Whose list of prices it is billed by, as that is called in it. */
  readonly prices?: string;
  /** It takes less than the API it speaks. */
  readonly answersAs?: "codex";
  readonly signIn?: NonNullable<Source["sign_in"]>;
  /** Its place is this machine. */
  readonly isLocal?: true;
}

/** Base URLs as the vendors' documentation gives them. */
const known: ReadonlyMap<string, Known> = new Map<string, Known>([
  [
    "anthropic",
    {
      title: "Anthropic",
      endpoints: { "anthropic-messages": "https://api.anthropic.com" },
      variable: "ANTHROPIC_API_KEY",
      prices: "anthropic",
      models: [],
      signIn: "claude-credentials",
    },
  ],
  [
    "openai",
    {
      title: "OpenAI",
      endpoints: { "openai-responses": "https://api.openai.com/v1", "openai-chat": "https://api.openai.com/v1" },
      variable: "OPENAI_API_KEY",
      prices: "openai",
      models: ["gpt-*", "o1*", "o3*", "o4*", "chatgpt-*", "codex-*"],
    },
  ],
  [
    "deepseek",
    {
      title: "DeepSeek",
      endpoints: {
        "openai-chat": "https://api.deepseek.com/v1",
        "anthropic-messages": "https://api.deepseek.com/anthropic",
      },
      variable: "DEEPSEEK_API_KEY",
      prices: "deepseek",
      models: ["deepseek-*"],
    },
  ],
  [
    "openrouter",
    {
      title: "OpenRouter",
      endpoints: { "openai-chat": "https://openrouter.ai/api/v1" },
      variable: "OPENROUTER_API_KEY",
      prices: "openrouter",
      models: [],
    },
  ],
  [
    "gemini",
    {
      title: "Gemini",
      endpoints: { "openai-chat": "https://generativelanguage.googleapis.com/v1beta/openai" },
      variable: "GEMINI_API_KEY",
      prices: "google",
      models: ["gemini-*"],
    },
  ],
  [
    "codex-api",
    {
      title: "Codex's API",
      endpoints: { "openai-responses": "https://chatgpt.com/backend-api/codex" },
      prices: "openai",
      models: [],
      answersAs: "codex",
      signIn: "codex-auth",
    },
  ],
  ["ollama", { title: "Ollama", endpoints: { "openai-chat": "http://127.0.0.1:11434/v1" }, models: [], isLocal: true }],
]);

/** What `[providers.NAME]` alone makes a provider of. */
export const knownProviders: readonly string[] = [...known.keys()];

/** Variable that the key of a provider of that name is looked for in; undefined where none is known. */
export function usualVariableOf(name: string): string | undefined {
  return known.get(name)?.variable;
}

/** Vendors that let every program ask for a key of the person's, without knowing it; by where their API is. */
const keyFlowAt: ReadonlyMap<string, KeyFlow> = new Map([["https://openrouter.ai", "openrouter"]]);

/** Where a vendor's API has to be for that; undefined for a provider that is not called after such a vendor. */
export function keyFlowOriginOf(name: string): string | undefined {
  const usual = Object.values(known.get(name)?.endpoints ?? {}).map((url) => new URL(url).origin);
  return usual.find((origin) => keyFlowAt.has(origin));
}

/** Whose list of prices each backend is billed by, by its name or its place; undefined where that is nobody's. */
export function priceListsOf(config: Pick<Config, "providers">): (backend: string) => string | undefined {
  const lists = new Map(providersOf(config).map(({ name, prices }) => [name, prices]));
  lists.set("claude-cli", "anthropic").set("codex-cli", "openai");
  return (backend) => lists.get(backend);
}

export function providersOf({ providers }: Pick<Config, "providers">): readonly Provider[] {
  return Object.entries(providers).map(([name, settings]) => {
    const { base_url, wire_format: _format, endpoints: _endpoints, models, title, ...rest } = settings;
    const preset = known.get(name);
    const endpoints = endpointsOf(settings, preset);
    return {
      ...rest,
      name,
      title: title ?? preset?.title ?? name,
      endpoints,
      models: models ?? preset?.models ?? [],
      usualVariable: preset?.variable,
      answersAs: preset?.answersAs,
      prices: pricesOf(preset, endpoints),
      signIn: rest.oauth.sign_in ?? preset?.signIn,
      keyFlow: rest.oauth.flow ?? keyFlowOf(endpoints),
      allow_private: rest.allow_private || (preset?.isLocal === true && base_url === undefined),
    };
  });
}

/** A base URL of one's own stands for all that is known of the name. */
function endpointsOf(
  { base_url: baseUrl, wire_format, endpoints }: Settings,
  preset: Known | undefined,
): Provider["endpoints"] {
  const usual = Object.keys(preset?.endpoints ?? {}).find(isWireFormat) ?? "openai-chat";
  const main = baseUrl === undefined ? (preset?.endpoints ?? {}) : { [wire_format ?? usual]: baseUrl };
  return Object.entries({ ...main, ...endpoints }).flatMap(([format, url]) =>
    isWireFormat(format) && url !== undefined ? [{ format, baseUrl: url }] : [],
  );
}

/** One line for each that is right, and not what whoever wrote it may expect. */
export function providerNotices({ providers }: Pick<Config, "providers">): readonly string[] {
  return providersOf({ providers }).flatMap(({ name, endpoints }) => {
    const spoken = endpoints.map(({ format }) => format);
    const lost = Object.keys(known.get(name)?.endpoints ?? {}).filter(
      (format) => !spoken.some((one) => one === format),
    );
    return lost.map(
      (format) =>
        `providers.${name}.base_url stands for all that is known of ${name}: requests in ${format} are translated; providers.${name}.endpoints.${format} says where they can be asked as they are`,
    );
  });
}

/** A vendor bills what is asked of it by whatever name. */
function pricesOf(preset: Known | undefined, endpoints: Provider["endpoints"]): string | undefined {
  if (preset?.prices !== undefined) return preset.prices;
  const isThere = (url: string) => endpoints.some(({ baseUrl }) => originOf(baseUrl) === originOf(url));
  return [...known.values()].find((vendor) => Object.values(vendor.endpoints).some(isThere))?.prices;
}

const originOf = (url: string): string => URL.parse(url)?.origin ?? "";

function keyFlowOf(endpoints: Provider["endpoints"]): KeyFlow | undefined {
  return endpoints.map(({ baseUrl }) => keyFlowAt.get(originOf(baseUrl))).find(Boolean);
}

function isWireFormat(name: string): name is WireFormat {
  return ["openai-chat", "openai-responses", "anthropic-messages"].includes(name);
}

/** What backends are called that are no APIs, whether they are enabled or not. */
export const cliNames = ["claude-cli", "codex-cli"] as const;

/** Those that are no APIs; the first answers what nothing else is said of. */
export function cliBackends({ codex }: Pick<Config, "codex">): readonly string[] {
  return codex.enabled ? cliNames : cliNames.slice(0, 1);
}

/** One line for each contradiction. */
export function providerProblems(config: Config): readonly string[] {
  const providers = providersOf(config);
  const backends = [...cliBackends(config), ...providers.map(({ name }) => name)];
  const missing = (key: string, name: string | undefined): readonly string[] => {
    if (name === undefined || backends.includes(name)) return [];
    const suggestion = nearest(name, backends);
    const hint = suggestion === undefined ? `there are ${backends.join(", ")}` : `did you mean ${suggestion}?`;
    return [`${key} names ${JSON.stringify(name)}, which is no backend; ${hint}`];
  };
  return [
    ...providers.flatMap(problemsOf),
    ...missing("routing.default", config.routing.default),
    ...Object.entries(config.routing.fallbacks).flatMap(([id, names]) => [
      ...missing("routing.fallbacks", id),
      ...names.flatMap((name) => missing(`routing.fallbacks.${id}`, name.split("/")[0])),
    ]),
    ...Object.entries(config.routing.rules).flatMap(([rule, { backend, model, token, mode, relay, ...others }]) => [
      ...missing(`routing.rules.${rule}.backend`, backend),
      ...readFor
        .filter((option) => relay === "always" && others[option] !== undefined)
        .map(
          (option) =>
            `routing.rules.${rule} sets ${option}, for which a request has to be read; take out relay = "always"`,
        ),
      ...(mode === undefined || cliBackends(config).includes(backend ?? "")
        ? []
        : [
            `routing.rules.${rule}.mode is about CLIs; give the rule a backend of ${cliBackends(config).join(" or ")}, or leave it out`,
          ]),
      ...Object.entries({ model, token }).flatMap(([key, pattern]) =>
        pattern === undefined || isPattern(pattern) ? [] : [`routing.rules.${rule}.${key} is no regular expression`],
      ),
    ]),
  ];
}

/** Options of a rule's that stand in the request. */
const readFor = [
  "effort",
  "thinking_budget",
  "temperature",
  "service_tier",
  "max_output_tokens",
  "system_prompt",
] as const;

function problemsOf(provider: Provider): readonly string[] {
  const key = `providers.${provider.name}`;
  return [
    ...(/^[a-z][\w-]*$/.test(provider.name) && !/^(?:claude|codex)-cli$/.test(provider.name)
      ? []
      : [
          `${key}: a name is made of small letters, digits, dashes and underscores, and is no CLI's (claude-cli, codex-cli)`,
        ]),
    ...(provider.endpoints.length === 0 ? [`${key} has no base_url; ${withoutBaseUrl(provider.name)}`] : []),
    ...provider.endpoints.flatMap(({ baseUrl }) => urlProblems(key, baseUrl, provider)),
    ...Object.keys(provider.limits).flatMap((name) =>
      isPattern(name) ? [] : [`${key}.limits: ${JSON.stringify(name)} is no regular expression`],
    ),
    ...oauthProblems(`${key}.oauth`, provider),
    ...proxyProblems(key, provider.proxy),
    ...privateUrlProblems(key, provider),
    ...Object.entries(provider.credentials).flatMap(([name, source]) =>
      credentialProblems(`${key}.credentials.${name}`, source),
    ),
  ];
}

function withoutBaseUrl(name: string): string {
  const meant = nearest(name, knownProviders);
  return meant === undefined ? `known without one are ${knownProviders.join(", ")}` : `did you mean ${meant}?`;
}

function credentialProblems(key: string, { sign_in, accept_terms, token_url, file, ...others }: Source) {
  const sources = Object.values({ ...others, ...(sign_in === undefined && { file }) });
  const said = sources.filter((value) => value !== undefined && value.length > 0).length;
  if (sign_in === undefined)
    return [
      // It may be the key itself, which is not to be shown.
      ...(others.env === undefined || /^[a-z_]\w*$/i.test(others.env)
        ? []
        : [`${key}.env must be the name of a variable that holds the key, and is none`]),
      ...(said === 1 ? [] : [`${key} must say one of env, file, command, keychain and sign_in`]),
      ...(token_url === undefined ? [] : [`${key}.token_url is for a sign_in`]),
    ];
  return [
    ...(said === 0 ? [] : [`${key}: beside sign_in there can be a file alone, which is the CLI's`]),
    ...(accept_terms ? [] : [`${key} uses ${termsOf[sign_in]} ${key}.accept_terms = true says that you answer for it`]),
    ...secureUrlProblems(key, { token_url }),
  ];
}

/** Tokens and codes go there. */
function secureUrlProblems(key: string, urls: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(urls).flatMap(([name, text]) => {
    const url = text === undefined || URL.canParse(text) ? new URL(text ?? "https://unset") : undefined;
    const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopbackName.test(url.hostname));
    return isSafe ? [] : [`${key}.${name} is no https URL`];
  });
}

export const isLoopbackName = /^(?:127\.0\.0\.1|localhost|\[::1\])$/;

function oauthProblems(key: string, { oauth, keyFlow }: Provider): readonly string[] {
  const { authorize_url, token_url, redirect_url, client_id, sign_in } = oauth;
  const redirect = redirect_url !== undefined && URL.canParse(redirect_url) ? new URL(redirect_url) : undefined;
  const isHere = redirect?.protocol === "http:" && isLoopbackName.test(redirect.hostname);
  return [
    ...secureUrlProblems(key, { authorize_url, token_url }),
    ...(redirect_url === undefined || isHere
      ? []
      : [`${key}.redirect_url must be on this machine, as http://127.0.0.1:8000/oauth/callback`]),
    ...(keyFlow === undefined || (client_id ?? sign_in) === undefined
      ? []
      : [`${key}: the way of ${keyFlow} takes neither client_id nor sign_in; leave them out`]),
  ];
}

/** In November 2026; docs/providers.md has the addresses. */
export const termsOf: Readonly<Record<NonNullable<Source["sign_in"]> | KeyFlow, string>> = {
  "claude-credentials":
    "the sign-in of Claude Code. Anthropic's terms keep sign-ins of its plans for Claude Code and its own apps, and have other programs use an API key; it may refuse such requests or close the account.",
  "codex-auth":
    "the sign-in of Codex. OpenAI offers ChatGPT sign-ins for Codex and its own apps, and API keys for everything else; it may refuse such requests or close the account.",
  openrouter:
    "an API key in your account at OpenRouter, which offers this to every program. What is asked with it is billed to that account, under OpenRouter's terms (https://openrouter.ai/terms), which do not let you resell it. The key has no end of its own, and each sign-in makes another: https://openrouter.ai/settings/keys is where you limit or revoke it. `ccproxy auth logout` forgets it here alone.",
};

function urlProblems(key: string, text: string, { allow_private }: Pick<Provider, "allow_private">): readonly string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return [`${key}: ${JSON.stringify(text)} is no http(s) URL`];
  if (url.username !== "" || url.password !== "" || url.search !== "")
    return [`${key}: a URL must not carry a secret; ${key}.credentials says where it is kept`];
  const [, root, endpoint] = /^(.*)(\/(?:chat\/completions|responses|messages))\/*$/.exec(text) ?? [];
  if (endpoint !== undefined)
    return [`${key}: a base URL ends before ${endpoint}, which is put behind it; ${JSON.stringify(root)}`];
  return privateProblems(key, url, { allow_private, key });
}

/** `*` stands for anything, and what stands in slashes is a regular expression. Throws SyntaxError. */
export function patternOf(text: string): RegExp {
  const expression = /^\/(.+)\/$/.exec(text)?.[1];
  if (expression !== undefined) return new RegExp(expression);
  return new RegExp(`^${text.split("*").map(RegExp.escape).join(".*")}$`);
}

/** Settings by the names of models: what is said of one by its name goes before what is said of many. */
export function byModel<T>(settings: Readonly<Record<string, T>>): readonly (readonly [RegExp, T])[] {
  return Object.entries(settings)
    .toSorted(([one], [other]) => Number(isOfMany(one)) - Number(isOfMany(other)))
    .map(([name, said]) => [patternOf(name), said]);
}

function isOfMany(name: string): boolean {
  return name.includes("*") || /^\/.+\/$/.test(name);
}

function isPattern(text: string): boolean {
  try {
    return patternOf(text) instanceof RegExp;
  } catch {
    return false;
  }
}
