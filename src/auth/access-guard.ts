/**
 * Who may use the API. It knows access tokens (what clients present to us) and nothing of the
 * credentials we present upstream.
 */
import { timingSafeEqual } from "node:crypto";

import { GatewayError } from "#core/errors.ts";

export interface AccessGuard {
  /** The caller's name for the log and for keeping conversations apart. Throws GatewayError `authentication`. */
  admit(headers: Headers): string;
}

/** Without an access token there is nothing to tell clients apart by. */
const onlyCaller = "local";

/** Without an access token every request is admitted, whatever key the client was made to send. */
export function createAccessGuard(accessToken: string | undefined): AccessGuard {
  if (accessToken === undefined) return { admit: () => onlyCaller };
  const expected = digest(accessToken);
  // What is kept for the callers of one token is not for those of the next.
  const caller = `token-${Buffer.from(expected).toString("hex").slice(0, 16)}`;
  return {
    admit(headers) {
      const presented = presentedTokens(headers);
      // Digests have one length, so the comparison takes the same time however much of the token is right.
      if (presented.some((candidate) => timingSafeEqual(digest(candidate), expected))) return caller;
      throw refusal(presented.length > 0);
    },
  };
}

/** Both places are looked at: some SDKs send a dummy key in one and the user's header in the other. */
function presentedTokens(headers: Headers): readonly string[] {
  const bearer = /^Bearer +(.+)$/i.exec(headers.get("authorization")?.trim() ?? "")?.[1];
  const apiKey = headers.get("x-api-key")?.trim();
  return [bearer ?? "", apiKey ?? ""].filter((candidate) => candidate !== "");
}

function refusal(presentedSome: boolean): GatewayError {
  return new GatewayError(
    "authentication",
    presentedSome ? "The access token is wrong." : "An access token is needed.",
    {
      hint: "Send the proxy's own token as `Authorization: Bearer <token>` or `x-api-key: <token>`.",
    },
  );
}

function digest(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}
