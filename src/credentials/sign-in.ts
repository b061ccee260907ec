/**
 * The sign-in of a vendor's CLI as a credential: read from the CLI's own file, renewed before its end and when it is
 * refused, and written back so that the CLI and other processes go on with it. A refresh token is good for one time, so one
 * process at a time renews, and nobody loses what came of it.
 */
import { readFile } from "node:fs/promises";

import { GatewayError } from "#core/errors.ts";
import { isRecord } from "#lib/is-record.ts";
import type { JsonObject } from "#lib/json-object.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { withFileLock } from "#store/file-lock.ts";

import type { Credential } from "./credential.ts";
import { writePrivately } from "./private-file.ts";
import type { SignInFormat, Tokens } from "./sign-in-format.ts";
import { askForTokens, type TokenEndpoint } from "./token-endpoint.ts";

export interface SignInOptions {
  readonly format: SignInFormat;
  readonly path: string;
  readonly endpoint: TokenEndpoint;
  /** Told once where renewed tokens could not be written: a restart would lose them. */
  readonly onUnwritten: (message: string, cause: unknown) => void;
}

export interface SignIn extends Credential {
  /** Renews it now. Throws GatewayError. */
  refresh(): Promise<void>;
  /** Of it, what may be shown. Throws GatewayError. */
  state(): Promise<Pick<Tokens, "expiresAt" | "plan">>;
}

/** Others renew within seconds; who takes longer has stopped. */
const lockWaitMs = 45_000;

export function createSignIn({ format, path, endpoint, onUnwritten }: SignInOptions): SignIn {
  const { program, command, marginMs } = format;
  let held: Tokens | undefined;
  let renewing: Promise<Tokens> | undefined;
  /** Of the file, what these came from: it is behind until they are written. */
  let unwritten: { readonly instead: string; readonly tokens: Tokens } | undefined;
  let refused: { readonly refreshToken: string; readonly error: GatewayError } | undefined;

  async function readFileNow(): Promise<JsonObject> {
    const text = await readFile(path, "utf8").catch((cause: unknown) => {
      throw signedOut(`The sign-in of ${program} cannot be read from ${path}.`, command, cause);
    });
    const file = parseJsonText(text);
    return isRecord(file) ? file : {};
  }

  async function load(): Promise<Tokens> {
    // One that could not be written may not be read, either.
    const file = await readFileNow().catch((thrown: unknown) => {
      if (unwritten === undefined) throw thrown;
    });
    if (file === undefined && unwritten !== undefined) return unwritten.tokens;
    const tokens = format.read(file ?? {});
    if (tokens === undefined) throw signedOut(`There is no sign-in of ${program} in ${path}.`, command);
    return unwritten !== undefined && unwritten.instead === tokens.refreshToken ? unwritten.tokens : tokens;
  }

  const isOver = ({ expiresAt = Number.POSITIVE_INFINITY }: Tokens, marginMs = 0) => expiresAt - marginMs <= Date.now();

  /** Whoever asks meanwhile shares the answer. */
  function renew(old: string, why: "expiry" | "refused"): Promise<Tokens> {
    renewing ??= withFileLock(`${path}.ccproxy-lock`, lockWaitMs, () => renewLocked(old, why)).finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  async function renewLocked(old: string, why: "expiry" | "refused"): Promise<Tokens> {
    const tokens = await load();
    held = tokens.accessToken !== old && !isOver(tokens, marginMs) ? tokens : await askForNew(tokens, why);
    return held;
  }

  async function askForNew(tokens: Tokens, why: "expiry" | "refused"): Promise<Tokens> {
    const { refreshToken } = tokens;
    if (refreshToken === undefined) throw signedOut(`The sign-in of ${program} cannot be renewed.`, command);
    if (refused?.refreshToken === refreshToken) throw refused.error;
    try {
      const answer = await askForTokens(endpoint, format, format.refreshBody(refreshToken, why));
      const fresh = format.renewed(answer, tokens);
      if (fresh === undefined) throw new GatewayError("upstream", `${endpoint.url} answered without tokens.`);
      await keep(fresh, refreshToken);
      return fresh;
    } catch (thrown) {
      const now = await load();
      // The CLI, which knows nothing of our lock, was faster.
      if (now.refreshToken !== refreshToken && !isOver(now)) return now;
      if (thrown instanceof GatewayError && thrown.kind === "authentication") refused = { refreshToken, error: thrown };
      throw thrown;
    }
  }

  /** Into the file as it is now: others write to it, too. */
  async function keep(fresh: Tokens, instead: string): Promise<void> {
    try {
      writePrivately(path, `${JSON.stringify(format.write(await readFileNow(), fresh), null, 2)}\n`);
      unwritten = undefined;
    } catch (error) {
      unwritten = { instead, tokens: fresh };
      onUnwritten(
        `The renewed sign-in of ${program} could not be written to ${path}. ccproxy goes on with it; after its end you will have to sign in again.`,
        error,
      );
    }
  }

  async function current(): Promise<Tokens> {
    held ??= await load();
    if (!isOver(held, marginMs)) return held;
    const old = held;
    try {
      return await renew(old.accessToken, "expiry");
    } catch (thrown) {
      // It is good for some minutes yet.
      if (isOver(old)) throw thrown;
      return old;
    }
  }

  return {
    label: path,
    get: async () => (await current()).accessToken,
    async renew(token) {
      if (held !== undefined && held.accessToken !== token) return held.accessToken;
      const tokens = await renew(token, "refused");
      return tokens.accessToken === token ? undefined : tokens.accessToken;
    },
    sign: (token, headers) =>
      held?.accessToken === token && held.isKey !== true ? format.sign(held, headers) : undefined,
    async refresh() {
      const { accessToken } = await load();
      await renew(accessToken, "refused");
    },
    async state() {
      const { expiresAt, plan } = await load();
      return { expiresAt, plan };
    },
  };
}

function signedOut(message: string, command: string, cause?: unknown): GatewayError {
  return new GatewayError("authentication", message, {
    hint: `Sign in with \`${command}\` where ccproxy runs.`,
    cause,
  });
}
