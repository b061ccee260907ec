/**
 * The sign-in of a vendor's CLI as a credential: read from the CLI's own file, renewed before its end and when it is
 * refused, and written back so that the CLI and other processes go on with it. A refresh token is good for one time, so one
 * process at a time renews, and nobody loses what came of it.
 */
import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";

import { GatewayError } from "#core/errors.ts";
import { withFileLock } from "#store/file-lock.ts";

import type { Credential } from "./credential.ts";
import type { SignInFormat, Tokens } from "./sign-in-format.ts";
import { askForTokens, type TokenEndpoint, withoutTokens } from "./token-endpoint.ts";
import { createTokenFile, signedOut } from "./token-file.ts";

export interface SignInOptions {
  readonly format: SignInFormat;
  readonly path: string;
  readonly endpoint: TokenEndpoint;
  /** Told where renewed tokens could not be written: a restart would lose them. */
  readonly onUnwritten: (message: string, cause: unknown) => void;
}

export type SignIn = Required<Credential>;

type Why = Parameters<SignInFormat["refreshBody"]>[1];

/** Between two renewals that nobody asked for by hand. */
const pauseMs = 60_000;
/** Others renew within seconds; who takes longer has stopped. */
const lockWaitMs = 45_000;

export function createSignIn({ format, path, endpoint, onUnwritten }: SignInOptions): SignIn {
  const file = createTokenFile({ format, path, onUnwritten });
  let held: Tokens | undefined;
  let renewing: Promise<Tokens> | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let refused: { readonly refreshToken: string; readonly error: GatewayError } | undefined;

  /** Whoever asks meanwhile shares the answer. */
  function renew(old: string, why: Why): Promise<Tokens> {
    renewing ??= lockedRenewal(old, why).finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  async function lockedRenewal(old: string, why: Why): Promise<Tokens> {
    triedAt = performance.now();
    return await withFileLock(await lockOf(path), lockWaitMs, () => renewLocked(old, why));
  }

  async function renewLocked(old: string, why: Why): Promise<Tokens> {
    const tokens = await file.load();
    const isNewer = tokens.accessToken !== old && !endsWithin(format.marginMs, tokens);
    held = isNewer ? tokens : await askForNew(tokens, why);
    return held;
  }

  async function askForNew(tokens: Tokens, why: Why): Promise<Tokens> {
    const { refreshToken } = tokens;
    if (refreshToken === undefined)
      throw signedOut(`The sign-in of ${format.program} cannot be renewed.`, format.command);
    if (refused?.refreshToken === refreshToken) throw refused.error;
    try {
      const answer = await askForTokens(endpoint, format, format.refreshBody(refreshToken, why));
      const fresh = format.renewed(answer, tokens);
      if (fresh === undefined) throw withoutTokens(endpoint);
      await file.save(fresh, refreshToken);
      renewedAt = performance.now();
      return fresh;
    } catch (thrown) {
      const now = await file.load().catch(() => undefined);
      // The CLI, which knows nothing of our lock, was faster.
      if (now !== undefined && now.refreshToken !== refreshToken && !endsWithin(0, now)) return now;
      if (thrown instanceof GatewayError && thrown.kind === "authentication") refused = { refreshToken, error: thrown };
      throw thrown;
    }
  }

  return {
    label: path,
    isMissing: () => held === undefined && !existsSync(path),
    async get() {
      const tokens = (held ??= await file.load());
      if (!endsWithin(format.marginMs, tokens)) return tokens.accessToken;
      const isPause = renewing === undefined && performance.now() - triedAt < pauseMs;
      if (isPause && !endsWithin(0, tokens)) return tokens.accessToken;
      const renewed = renew(tokens.accessToken, "expiry");
      // One that is good for some minutes yet is used to its end.
      return (await (endsWithin(0, tokens) ? renewed : renewed.catch(() => tokens))).accessToken;
    },
    look: async () => (await file.load().catch(() => undefined))?.accessToken,
    async renew(token) {
      if (held !== undefined && held.accessToken !== token) return held.accessToken;
      // One that is new is refused for another reason, which a newer one would not mend.
      const isNew = performance.now() - renewedAt < pauseMs;
      held = isNew ? await file.load() : await renew(token, "refused");
      return held.accessToken === token ? undefined : held.accessToken;
    },
    // A key of the API in the CLI's file is presented as any other. Others may have renewed the token since it was had.
    sign: (token, headers) =>
      held === undefined || held.isKey === true ? undefined : format.sign({ ...held, accessToken: token }, headers),
    refresh: async () => void (await renew((await file.load()).accessToken, "refused")),
    async state() {
      const { expiresAt, plan } = await file.load();
      return { expiresAt, plan };
    },
  };
}

/** Two names of one file have one lock. */
async function lockOf(path: string): Promise<string> {
  return `${await realpath(path).catch(() => path)}.ccproxy-lock`;
}

function endsWithin(marginMs: number, { expiresAt = Number.POSITIVE_INFINITY }: Tokens): boolean {
  return expiresAt - marginMs <= Date.now();
}
