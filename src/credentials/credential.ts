/**
 * What we present upstream, from where its owner keeps it. A secret is read when it is needed and never written, logged or
 * shown; who cannot have it is told where it was looked for.
 */
export interface Credential {
  /** Where it is kept, as in a log: `OPENAI_API_KEY`. */
  readonly label: string;
  /** Throws GatewayError `authentication`. */
  get(): Promise<string>;
  /** As far as it can be seen at no cost, what `get` may come to now; undefined where nothing is seen. Never throws. */
  look(): Promise<string | undefined>;
  /** Whether it is seen at once, and at no cost, that there is none; undefined where only `get` tells. */
  readonly isMissing?: () => boolean;
  /** Another one, where this one was refused; undefined where there is none. Whoever asks meanwhile shares the answer. */
  renew(refused: string): Promise<string | undefined>;
  /** The headers that present it, seen beside the request's own; undefined where it is presented as the API has keys presented. */
  readonly sign?: SignHeaders;
  /** What may be shown of a sign-in. Throws GatewayError. */
  readonly state?: () => Promise<SignInState>;
  /** Has a sign-in renewed now. Throws GatewayError. */
  readonly refresh?: () => Promise<void>;
}

export interface SignInState {
  /** Unix milliseconds. */
  readonly expiresAt?: number | undefined;
  /** `max`, `plus`. */
  readonly plan?: string | undefined;
}

export type SignHeaders = (
  secret: string,
  headers: Readonly<Record<string, string>>,
) => Readonly<Record<string, string>> | undefined;

export interface CredentialOptions {
  readonly label: string;
  /** Throws GatewayError `authentication`. */
  readonly read: () => string | Promise<string>;
  readonly isMissing?: Credential["isMissing"];
  /** Reading it is dear: it is read again only when it was refused. */
  readonly keep: boolean;
  readonly now?: () => number;
}

/** One that was read so short a time ago is not read again because it was refused: it would be the same. */
const freshMs = 2000;

export function createCredential({
  label,
  read,
  keep,
  isMissing,
  now = () => performance.now(),
}: CredentialOptions): Credential {
  let held: { readonly secret: string; readonly at: number } | undefined;
  let reading: Promise<string> | undefined;

  function hold(secret: string): string {
    held = { secret, at: now() };
    return secret;
  }

  async function load(): Promise<string> {
    if (reading !== undefined) return await reading;
    const said = read();
    // What is at hand is there at once: each request asks for it.
    if (typeof said === "string") return hold(said);
    reading = said.then(hold).finally(() => (reading = undefined));
    return await reading;
  }

  return {
    label,
    ...(isMissing !== undefined && { isMissing }),
    get: () => (keep && held !== undefined ? Promise.resolve(held.secret) : load()),
    look: async () => (keep ? held?.secret : await load().catch(() => undefined)),
    async renew(refused) {
      if (held !== undefined && held.secret !== refused) return held.secret;
      if (held !== undefined && reading === undefined && now() - held.at < freshMs) return undefined;
      const secret = await load();
      return secret === refused ? undefined : secret;
    },
  };
}
