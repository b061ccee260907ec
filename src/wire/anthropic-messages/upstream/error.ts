import type * as v from "valibot";

import type { GatewayError } from "#core/errors.ts";
import { refusalError } from "#core/refusal.ts";
import type { UpstreamRefusal } from "#core/upstream-format.ts";
import { faultIn } from "#lib/fault-in.ts";
import { redactText } from "#lib/redact.ts";
import { retryAfterSeconds } from "#lib/retry-after.ts";

import type { errorEventSchema } from "./schema.ts";

export function decodeError({ status, headers, body, provider }: UpstreamRefusal): GatewayError {
  const { message, words } = faultIn(body);
  // The API says no more than `model: claude-9`.
  const isModel = status === 404 && message.startsWith("model:");
  return refusalError({
    provider,
    status,
    words: isModel ? ["model_not_found"] : words,
    message: redactText(message),
    retryAfterSeconds: retryAfterSeconds(headers),
  });
}

/** For an answer that ends with an error. */
export function failedStream({ error: { type, message } }: v.InferOutput<typeof errorEventSchema>): GatewayError {
  return refusalError({ status: undefined, words: [type], message: redactText(message) });
}
