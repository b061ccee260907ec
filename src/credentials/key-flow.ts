/**
 * Ways to an API key that are open to everybody: the vendor knows no program by an id, and a person in a browser has a key
 * made in the person's own account. The code flow with PKCE otherwise.
 */
import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";

import { beginFlow, type OAuthFlow } from "./oauth-flow.ts";
import { postTo, type TokenEndpoint } from "./token-endpoint.ts";

interface KeyFlow {
  readonly authorizeUrl: string;
  /** Where a code becomes a key. */
  readonly keyUrl: string;
  /** On this machine, port 0 stands for any. */
  readonly redirectUrl: string;
  /** The same where nothing listens, and the address is pasted. */
  readonly pasteUrl: string;
}

/** https://openrouter.ai/docs/guides/overview/auth/oauth, in November 2026. */
export const keyFlows = {
  openrouter: {
    authorizeUrl: "https://openrouter.ai/auth",
    keyUrl: "https://openrouter.ai/api/v1/auth/keys",
    redirectUrl: "http://localhost:0/callback",
    pasteUrl: "http://localhost:3000/callback",
  },
} as const satisfies Readonly<Record<string, KeyFlow>>;

/** It has no state of its own: ours travels in the address that it sends the browser back to. */
export function beginKeyFlow(authorizeUrl: string, redirectUri: string): OAuthFlow {
  return beginFlow(authorizeUrl, redirectUri, (state) => {
    const back = new URL(redirectUri);
    back.searchParams.set("state", state);
    return { callback_url: back.href };
  });
}

/** Throws GatewayError, in which nothing stands that was sent or answered. */
export async function redeemKey(
  endpoint: TokenEndpoint,
  { flow, code }: { readonly flow: OAuthFlow; readonly code: string },
): Promise<string> {
  const body = { code, code_verifier: flow.verifier, code_challenge_method: "S256" };
  const { ok, status, answer } = await postTo(endpoint, body, "a key");
  const { host } = new URL(endpoint.url);
  if (status === 403)
    throw new GatewayError("authentication", `${host} made no key: the code is used, too old, or of another sign-in.`, {
      hint: "Begin again; a code is good once.",
    });
  if (status >= 400 && status < 500 && !isPassing.has(status))
    throw new GatewayError("authentication", `${host} did not take the code: it answered ${status}.`, {
      hint: "Begin again: a code is good once, and for the sign-in it came from. Where the configuration sets a token_url, check it.",
    });
  if (!ok)
    throw new GatewayError("upstream", `${host} made no key: it answered ${status}.`, {
      hint: "Begin again in a moment; where the configuration sets a token_url, check it.",
    });
  const parsed = v.safeParse(answerSchema, answer);
  if (!parsed.success)
    throw new GatewayError("upstream", `${host} answered without a key.`, {
      hint: "Begin again; where the configuration sets a token_url, check it.",
    });
  return parsed.output.key;
}

/** What says nothing of the code. */
const isPassing: ReadonlySet<number> = new Set([408, 425, 429]);

/** It will be a header. */
const answerSchema = v.looseObject({ key: v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/)) });
