/**
 * What Anthropic needs to take its thinking back, in the one opaque field this API has for reasoning. Ours is known by
 * its first characters: the encrypted reasoning of another vendor must never be sent on as a signature.
 */
import * as v from "valibot";

export interface SealedReasoning {
  readonly signature?: string;
  readonly redactedData?: string;
}

const mark = "ccproxy.1.";

const envelopeSchema = v.object({
  signature: v.exactOptional(v.string()),
  redactedData: v.exactOptional(v.string()),
});

/** undefined where there is nothing to keep. */
export function sealReasoning(sealed: SealedReasoning): string | undefined {
  if (sealed.signature === undefined && sealed.redactedData === undefined) return undefined;
  return mark + Buffer.from(JSON.stringify(sealed)).toString("base64url");
}

/** undefined for what we have not sealed. */
export function openReasoning(encrypted: string): SealedReasoning | undefined {
  if (!encrypted.startsWith(mark)) return undefined;
  try {
    return v.parse(envelopeSchema, JSON.parse(Buffer.from(encrypted.slice(mark.length), "base64url").toString("utf8")));
  } catch {
    return undefined;
  }
}
