/**
 * Who may use the API, and what their key says beside that. It knows access tokens (what clients present to us) and
 * nothing of the credentials we present upstream.
 */
import { timingSafeEqual } from "node:crypto";

import { GatewayError } from "#core/errors.ts";
import { namingPrefix, readNamingKey } from "#lib/naming-key.ts";

export interface Caller {
  /** For the log, and for keeping conversations apart. */
  readonly principal: string;
  /** What the configuration calls the token it presented; undefined for the one without a name, and where none is asked for. */
  readonly token: string | undefined;
  /** Who is to answer, by a key that names it. */
  readonly backend: string | undefined;
}

export interface AccessGuard {
  /** Throws GatewayError `authentication`. */
  admit(headers: Headers): Caller;
}

export interface AccessTokens {
  /** The one without a name. */
  readonly plain?: string | undefined;
  readonly named?: ReadonlyMap<string, string>;
}

/** Without an access token there is nothing to tell clients apart by. */
const onlyCaller = "local";

/** Without an access token every request is admitted, whatever key the client was made to send. */
export function createAccessGuard({ plain, named = new Map() }: AccessTokens): AccessGuard {
  const expected = [
    // What is kept for the callers of one token is not for those of the next; a name stays where its token is replaced.
    ...(plain === undefined ? [] : [{ token: undefined, principal: `token-${hexOf(plain)}`, digest: digest(plain) }]),
    ...Array.from(named, ([token, text]) => ({ token, principal: `token:${token}`, digest: digest(text) })),
  ];
  return {
    admit(headers) {
      const { tokens, backend } = presentedBy(headers);
      if (expected.length === 0) return { principal: onlyCaller, token: undefined, backend };
      const presented = tokens.map(digest);
      let found: (typeof expected)[number] | undefined;
      // Digests have one length, and each is compared with each: the time tells neither how much is right nor of which.
      for (const candidate of expected)
        for (const one of presented) if (timingSafeEqual(one, candidate.digest)) found ??= candidate;
      if (found === undefined) throw refusal(tokens.length > 0, backend !== undefined);
      return { principal: found.principal, token: found.token, backend };
    },
  };
}

/** Both places are looked at: some SDKs send a dummy key in one and the user's header in the other. */
function presentedBy(headers: Headers) {
  const bearer = /^Bearer +(.+)$/i.exec(headers.get("authorization")?.trim() ?? "")?.[1] ?? "";
  const tokens: string[] = [];
  let backend: string | undefined;
  for (const key of [headers.get("x-api-key")?.trim() ?? "", bearer]) {
    const naming = readNamingKey(key);
    const token = naming === undefined ? key : naming.token;
    if (token !== undefined && token !== "") tokens.push(token);
    backend ??= naming?.backend;
  }
  return { tokens, backend };
}

/** What a request's key names to answer it. */
export function backendInKeys(headers: Headers): string | undefined {
  return presentedBy(headers).backend;
}

function refusal(presentedSome: boolean, namesBackend: boolean): GatewayError {
  const behind = namesBackend ? `, or behind the backend's name, as \`${namingPrefix}<backend>.<token>\`` : "";
  return new GatewayError(
    "authentication",
    presentedSome ? "The access token is wrong." : "An access token is needed.",
    {
      hint: `Send the proxy's own token as \`Authorization: Bearer <token>\` or \`x-api-key: <token>\`${behind}.`,
    },
  );
}

function digest(text: string): Uint8Array {
  return Bun.CryptoHasher.hash("sha256", text);
}

function hexOf(token: string): string {
  return Buffer.from(digest(token)).toString("hex").slice(0, 16);
}
