import { GatewayError } from "#core/errors.ts";
import { describeValue } from "#lib/schema-problem.ts";
import type { Exchange } from "#server/exchange.ts";

import type { KeyedRequest } from "./recordings.ts";

const validKey = /^[\x21-\x7e]{1,255}$/;

/** undefined without an `Idempotency-Key`. Throws GatewayError `invalid-request`. */
export function keyedRequest({ request, said, path, caller }: Exchange, body: unknown): KeyedRequest | undefined {
  const key = request.headers.get("idempotency-key")?.trim() ?? "";
  if (key === "") return undefined;
  if (!validKey.test(key))
    throw new GatewayError(
      "invalid-request",
      `The header Idempotency-Key must be 1 to 255 visible ASCII characters; got ${describeValue(key)}.`,
      { param: "Idempotency-Key" },
    );
  // They change the answer as the body does.
  const told = [...said].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const fingerprint = new Bun.CryptoHasher("sha256")
    .update(JSON.stringify([body, told, caller.backend]))
    .digest("base64");
  return { name: JSON.stringify([caller.principal, path, key]), fingerprint };
}
