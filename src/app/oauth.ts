/**
 * A new sign-in with a provider, by a person in a browser. Tokens are kept in a file of ours, as those of a CLI; a key that is
 * made for the person is kept where any other is.
 */
import { isLoopbackName, keyFlowOriginOf, type Provider, termsOf } from "#config/providers.ts";
import { GatewayError } from "#core/errors.ts";
import { beginKeyFlow, keyFlows, redeemKey } from "#credentials/key-flow.ts";
import { openOAuthCallback, type OAuthCallback, type Returned } from "#credentials/oauth-callback.ts";
import { beginOAuth, type OAuthFlow, readPasted, redeem } from "#credentials/oauth-flow.ts";
import { oauthPage } from "#credentials/oauth-page.ts";

import { providerToKeepFor, requireKeychain, type Settings, storeKey } from "./auth.ts";
import { openPlaces } from "./places.ts";
import { keyFilesOf, ownFormat, type ProviderDeps, tokenEndpointOf } from "./providers.ts";

export interface OAuthLogin {
  /** What is made, and what the vendor says of such use. */
  readonly terms: string;
  /** Ends when the sign-in is kept; says where. Throws GatewayError. */
  run(person: Person): Promise<string>;
}

interface Person {
  /** Where the person is to go. */
  show(url: string): Promise<void>;
  /** What the person answers to the question; undefined where nothing more comes, or the browser is to come back by itself. */
  readonly paste: ((question: string) => Promise<string | undefined>) | undefined;
}

type Environment = ProviderDeps["environment"];

/** What differs between one vendor and another. */
interface Way extends Pick<OAuthLogin, "terms"> {
  readonly redirectUrl: string;
  /** Where the browser is sent where nothing of ours can wait for it. */
  readonly pasteUrl: string;
  begin(redirectUri: string): OAuthFlow;
  /** Keeps what the code is good for; says where. Throws GatewayError. */
  keep(returned: { readonly flow: OAuthFlow; readonly code: string }): Promise<string>;
}

/** How long a person may take. */
const lifeMs = 5 * 60_000;
const pollMs = 100;
/** Wrong ones, and they cost nothing; but whoever pastes for ever is no person. */
const mostPastes = 10;

/** Throws GatewayError for a provider that there is none of, or that has no such sign-in. */
export function openOAuthLogin(
  settings: Settings,
  { name, keychain }: { readonly name: string; readonly keychain: boolean },
): OAuthLogin {
  const { config, environment } = settings;
  const provider = providerToKeepFor(settings, name);
  if (keychain && provider.keyFlow === undefined)
    throw new GatewayError("invalid-request", `A sign-in of ${name} is kept in a file.`, {
      hint: "Leave --keychain out.",
    });
  const way =
    keyWay(provider, environment, (key) => storeKey(settings, { name, key, keychain })) ??
    signInWay(provider, environment);
  return {
    terms: way.terms,
    async run({ show, paste }) {
      // A key that cannot be kept is not to be made.
      if (keychain) await requireKeychain(name);
      const callback = openOAuthCallback(openPlaces(config, environment).oauth);
      await using listener = paste === undefined ? listen(new URL(way.redirectUrl), callback) : undefined;
      const flow = way.begin(listener?.redirectUri ?? way.pasteUrl);
      callback.expect(flow.state, lifeMs);
      try {
        await show(flow.url);
        if (paste !== undefined) await untilPasted(callback, paste, way.pasteUrl);
        const returned = await untilReturned(callback, flow.state);
        if ("refusal" in returned)
          throw new GatewayError("authentication", `The sign-in of ${name} was refused: ${returned.refusal}.`, {
            hint: "Begin again, and say yes in the browser.",
          });
        return await way.keep({ flow, code: returned.code });
      } finally {
        callback.forget(flow.state);
      }
    },
  };
}

/** Undefined where the vendor has none. */
function keyWay(provider: Provider, environment: Environment, keep: (key: string) => Promise<string>): Way | undefined {
  const { keyFlow: kind, oauth } = provider;
  if (kind === undefined) return undefined;
  const flow = keyFlows[kind];
  const { redirect_url: redirectUrl } = oauth;
  const endpoint = tokenEndpointOf(provider, oauth.token_url ?? flow.keyUrl, environment);
  return {
    terms: termsOf[kind],
    redirectUrl: redirectUrl ?? flow.redirectUrl,
    pasteUrl: redirectUrl ?? flow.pasteUrl,
    begin: (redirectUri) => beginKeyFlow(oauth.authorize_url ?? flow.authorizeUrl, redirectUri),
    keep: async (returned) => await keep(await redeemKey(endpoint, returned)),
  };
}

function signInWay(provider: Provider, environment: Environment): Way {
  const { name, signIn: kind } = provider;
  const origin = keyFlowOriginOf(name);
  if (kind === undefined && origin !== undefined)
    throw new GatewayError("invalid-request", `The sign-in of ${name} is for the API at ${origin}.`, {
      hint: `providers.${name}.base_url is elsewhere: take it out, or give ${name} a key with \`ccproxy auth login ${name}\`.`,
    });
  if (kind === undefined)
    throw new GatewayError("invalid-request", `No sign-in of ${name} is known.`, {
      hint: `Give it a key with \`ccproxy auth login ${name}\`. The sign-in of OpenAI is codex-api's; one that asks for no id is openrouter's.`,
    });
  const format = ownFormat(provider, kind);
  const { redirectUrl, pasteUrl = redirectUrl } = format.oauth;
  const endpoint = tokenEndpointOf(provider, format.tokenUrl, environment);
  return {
    terms: termsOf[kind],
    redirectUrl,
    pasteUrl,
    begin: (redirectUri) => beginOAuth(format.oauth, redirectUri),
    async keep(returned) {
      const keys = keyFilesOf(environment);
      keys.saveSignIn(name, await redeem(format, endpoint, returned));
      return keys.signInPath(name);
    },
  };
}

/** The path of a ccproxy that runs. */
const servedPath = "/oauth/callback";

/** Where the port is taken, a ccproxy that runs may be there, which serves that path too. */
function listen(redirect: URL, callback: OAuthCallback): AsyncDisposable & { readonly redirectUri: string } {
  const fetch = ({ url, method }: Request): Response => {
    const { pathname, searchParams } = new URL(url);
    if (method !== "GET" || pathname !== redirect.pathname) return new Response(null, { status: 404 });
    return oauthPage(callback.receive(searchParams));
  };
  try {
    const hostname = redirect.hostname.replace(/^\[(.*)\]$/, "$1");
    const server = Bun.serve({
      hostname,
      port: Number(redirect.port || 80),
      reusePort: false,
      development: false,
      fetch,
    });
    const { protocol, pathname } = redirect;
    return {
      redirectUri: `${protocol}//${redirect.hostname}:${server.port}${pathname}`,
      [Symbol.asyncDispose]: () => server.stop(),
    };
  } catch (cause) {
    if (redirect.pathname === servedPath)
      return { redirectUri: redirect.href, [Symbol.asyncDispose]: () => Promise.resolve() };
    throw new GatewayError(
      "invalid-request",
      `Port ${redirect.port} of this machine is taken, where the browser would come back to.`,
      {
        hint: "Give --paste, and paste what the browser was sent to.",
        cause,
      },
    );
  }
}

/** Throws GatewayError where what belongs to this sign-in never came. */
async function untilPasted(
  callback: OAuthCallback,
  paste: NonNullable<Person["paste"]>,
  pasteUrl: string,
): Promise<void> {
  const end = performance.now() + lifeMs;
  const isHere = isLoopbackName.test(new URL(pasteUrl).hostname);
  const wanted = isHere
    ? `the whole address that the browser ends at, which begins with ${pasteUrl}`
    : "all that the page shows: the code, # and what follows, or the page's whole address";
  const reason = isHere ? "The browser ends at a page that it cannot load. " : "";
  const question = `Paste ${wanted} (it is not shown): `;
  for (let times = 1; times <= mostPastes; times += 1) {
    const text = await paste(`${times === 1 ? reason : "That is not it, try again. "}${question}`);
    if (text === undefined) break;
    const reception = callback.receive(readPasted(text));
    if (reception === "taken") return;
    if (reception === "late" || performance.now() > end)
      throw new GatewayError("authentication", "The five minutes of this sign-in are over.", { hint: "Begin again." });
  }
  throw new GatewayError("authentication", "What was pasted does not belong to this sign-in.", {
    hint: `Begin again, and paste ${wanted}.`,
  });
}

async function untilReturned(callback: OAuthCallback, state: string): Promise<Returned> {
  for (const end = performance.now() + lifeMs; performance.now() < end; await Bun.sleep(pollMs)) {
    const returned = callback.collect(state);
    if (returned !== undefined) return returned;
  }
  throw new GatewayError("authentication", "Nobody came back from the sign-in.", {
    hint: "Begin again; where the browser runs on another machine, with --paste.",
  });
}
