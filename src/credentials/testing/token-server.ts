/** A vendor's token endpoint, as far as it matters here: each refresh token is good for one time. */
export interface TokenServer {
  readonly url: string;
  /** What it was asked, oldest first. */
  readonly asked: readonly Readonly<Record<string, unknown>>[];
  /** A first pair. */
  issue(): { readonly accessToken: string; readonly refreshToken: string };
  jwt(claims: object): string;
  /** No token is good any more. */
  revoke(): void;
  /** Its next answer. */
  refuseOnce(answer: Response): void;
  /** Called before it answers. */
  beforeAnswer: (() => unknown) | undefined;
  reset(): void;
  stop(): Promise<void>;
}

const secondsOfLife = 3600;

export function startTokenServer(): TokenServer {
  const asked: Readonly<Record<string, unknown>>[] = [];
  const good = new Set<string>();
  const refusals: Response[] = [];
  let count = 0;
  const issue = () => {
    count += 1;
    const refreshToken = `refresh-${count}`;
    good.add(refreshToken);
    return { accessToken: jwt({ exp: Math.floor(Date.now() / 1000) + secondsOfLife, count }), refreshToken };
  };
  const server: TokenServer = {
    url: "",
    asked,
    issue,
    jwt,
    revoke: () => good.clear(),
    beforeAnswer: undefined,
    refuseOnce: (answer) => refusals.push(answer),
    reset() {
      asked.length = 0;
      server.beforeAnswer = undefined;
    },
    stop: () => listener.stop(true),
  };
  const listener = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const body = Object(await request.json());
      asked.push(body);
      // Whoever asks meanwhile is to find it under way.
      await Bun.sleep(5);
      await server.beforeAnswer?.();
      const refusal = refusals.shift();
      if (refusal !== undefined) return refusal;
      if (!good.delete(body.refresh_token))
        return Response.json({ error: { code: "refresh_token_reused" } }, { status: 401 });
      const { accessToken, refreshToken } = issue();
      const tokens = { access_token: accessToken, refresh_token: refreshToken, expires_in: secondsOfLife };
      return Response.json({ ...tokens, id_token: jwt({ count }), token_type: "Bearer" });
    },
  });
  return Object.assign(server, { url: `http://127.0.0.1:${listener.port}/token` });
}

/** Signed by nobody. */
function jwt(claims: object): string {
  return ["{}", JSON.stringify(claims), "x"].map((part) => Buffer.from(part).toString("base64url")).join(".");
}
