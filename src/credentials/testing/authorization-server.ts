/** A vendor's authorization server, as far as it matters here: codes are good once, and for who has their verifier. */
import { createHash } from "node:crypto";

export interface AuthorizationServer {
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  /** A person says yes at this address: where the browser is sent then. */
  approve(url: string): URL;
  /** The bodies that asked for tokens, oldest first. */
  readonly asked: readonly Readonly<Record<string, string>>[];
  stop(): Promise<void>;
}

export function startAuthorizationServer(): AuthorizationServer {
  const asked: Readonly<Record<string, string>>[] = [];
  /** By code: what it was asked for with. */
  const codes = new Map<string, URLSearchParams>();
  let count = 0;
  const listener = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const text = await request.text();
      const isForm = request.headers.get("content-type")?.includes("form") === true;
      const body: Record<string, string> = isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
      asked.push(body);
      const begun = codes.get(body["code"] ?? "");
      codes.delete(body["code"] ?? "");
      const challenge = createHash("sha256")
        .update(body["code_verifier"] ?? "")
        .digest("base64url");
      const fits =
        begun?.get("code_challenge") === challenge &&
        begun.get("code_challenge_method") === "S256" &&
        begun.get("redirect_uri") === body["redirect_uri"] &&
        begun.get("client_id") === body["client_id"];
      if (!fits) return Response.json({ error: "invalid_grant" }, { status: 400 });
      count += 1;
      return Response.json({ access_token: `access-${count}`, refresh_token: `refresh-${count}`, expires_in: 3600 });
    },
  });
  const base = `http://127.0.0.1:${listener.port}`;
  return {
    authorizeUrl: `${base}/authorize`,
    tokenUrl: `${base}/token`,
    asked,
    approve(url) {
      const { searchParams } = new URL(url);
      const code = `code-${codes.size + asked.length + 1}`;
      codes.set(code, searchParams);
      const back = new URL(searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", code);
      back.searchParams.set("state", searchParams.get("state") ?? "");
      return back;
    },
    stop: () => listener.stop(true),
  };
}
