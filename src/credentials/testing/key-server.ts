/** A vendor that makes keys for whoever comes back with a code and its verifier, as OpenRouter does. */
import { createHash } from "node:crypto";

export interface KeyServer {
  readonly authorizeUrl: string;
  readonly keyUrl: string;
  /** A person says yes at this address: where the browser is sent then. */
  approve(url: string): URL;
  /** Codes that wait are too old from now on. */
  expire(): void;
  /** The bodies that asked for a key, oldest first. */
  readonly asked: readonly Readonly<Record<string, string>>[];
  /** The keys that were made, oldest first. */
  readonly keys: readonly string[];
  stop(): Promise<void>;
}

export function startKeyServer(tls?: { readonly key: string; readonly cert: string }): KeyServer {
  const asked: Readonly<Record<string, string>>[] = [];
  const keys: string[] = [];
  /** By code: the challenge it was asked for with. */
  const codes = new Map<string, string>();
  const listener = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls !== undefined && { tls }),
    async fetch(request) {
      if (request.method !== "POST") return refused(405, "Method Not Allowed");
      const body: Record<string, string> = Object(await request.json());
      asked.push(body);
      const { code = "", code_verifier: verifier = "", code_challenge_method: method } = body;
      if (method !== "S256") return refused(400, "Invalid code_challenge_method");
      const challenge = codes.get(code);
      codes.delete(code);
      if (challenge !== createHash("sha256").update(verifier).digest("base64url"))
        return refused(403, "Invalid code or code_verifier");
      const key = `sk-or-v1-${keys.length}-${crypto.randomUUID()}`;
      keys.push(key);
      return Response.json({ key, user_id: "user_1" });
    },
  });
  const base = listener.url.origin;
  return {
    authorizeUrl: `${base}/auth`,
    keyUrl: `${base}/api/v1/auth/keys`,
    asked,
    keys,
    approve(url) {
      const { searchParams } = new URL(url);
      if (searchParams.get("code_challenge_method") !== "S256") throw new Error("no S256");
      const code = crypto.randomUUID();
      codes.set(code, searchParams.get("code_challenge") ?? "");
      const back = new URL(searchParams.get("callback_url") ?? "");
      back.searchParams.set("code", code);
      return back;
    },
    expire: () => codes.clear(),
    stop: () => listener.stop(true),
  };
}

const refused = (status: number, message: string) => Response.json({ error: { code: status, message } }, { status });
