import type { GatewayError } from "#core/errors.ts";
import { refusalError } from "#core/refusal.ts";
import type { UpstreamRefusal } from "#core/upstream-format.ts";
import { faultIn } from "#lib/fault-in.ts";
import { redactText } from "#lib/redact.ts";
import { retryAfterSeconds } from "#lib/retry-after.ts";

export function decodeError({ status, headers, body, provider, credential }: UpstreamRefusal): GatewayError {
  const { message, words } = faultIn(body);
  return refusalError({
    provider,
    credential,
    status,
    words,
    message: redactText(message),
    retryAfterSeconds: retryAfterSeconds(headers),
  });
}

/** For an answer that ends with an error; the status is in it where a gateway had begun to answer. */
export function failedStream(body: unknown): GatewayError {
  const { message, ...fault } = faultIn(body);
  return refusalError({ ...fault, message: redactText(message) });
}
