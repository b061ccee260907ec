/** The authorization code flow with PKCE (RFC 7636, S256), of whoever begins it. */
import { createHash, randomBytes } from "node:crypto";

import type { JsonObject } from "#lib/json-object.ts";

import type { OAuthClient, SignInFormat } from "./sign-in-format.ts";
import { askForTokens, type TokenEndpoint, withoutTokens } from "./token-endpoint.ts";

/** Of an authorization server that knows us. */
export interface OwnFormat extends SignInFormat {
  readonly oauth: OAuthClient;
}

export interface OAuthFlow {
  /** Where the person goes. */
  readonly url: string;
  readonly state: string;
  readonly redirectUri: string;
  readonly verifier: string;
}

export function beginOAuth(client: OAuthClient, redirectUri: string): OAuthFlow {
  return beginFlow(client.authorizeUrl, redirectUri, (state) => ({
    ...client.query,
    client_id: client.clientId,
    response_type: "code",
    redirect_uri: redirectUri,
    scope: client.scope,
    state,
  }));
}

/** The query is what the vendor's page wants beside the challenge. */
export function beginFlow(
  authorizeUrl: string,
  redirectUri: string,
  queryOf: (state: string) => Readonly<Record<string, string>>,
): OAuthFlow {
  const state = randomBytes(32).toString("base64url");
  const verifier = randomBytes(48).toString("base64url");
  const url = new URL(authorizeUrl);
  const query = {
    ...queryOf(state),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return { url: url.href, state, redirectUri, verifier };
}

/** `code#state`, or the address that the browser was sent to, as what it was sent with. */
export function readPasted(text: string): URLSearchParams {
  const pasted = text.trim();
  if (URL.canParse(pasted)) return new URL(pasted).searchParams;
  const [code = "", state = ""] = pasted.split("#");
  return new URLSearchParams({ code, state });
}

/** The file of a new sign-in, as the vendor's CLI would write it. Throws GatewayError. */
export async function redeem(
  format: OwnFormat,
  endpoint: TokenEndpoint,
  { flow, code }: { readonly flow: OAuthFlow; readonly code: string },
): Promise<JsonObject> {
  const { oauth: client } = format;
  const body = {
    grant_type: "authorization_code",
    code,
    client_id: client.clientId,
    redirect_uri: flow.redirectUri,
    code_verifier: flow.verifier,
    ...(client.sendsState && { state: flow.state }),
  };
  const answer = await askForTokens(endpoint, format, client.isForm ? new URLSearchParams(body) : body);
  const tokens = format.renewed(answer, { accessToken: "" });
  if (tokens === undefined) throw withoutTokens(endpoint);
  return format.write({}, tokens);
}
