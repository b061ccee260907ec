/** What the vendor behind Codex sealed of its reasoning goes back to it through Codex alone. */
import type { Message, Part } from "#core/request.ts";
import { markSignature, openedFor, sealFor } from "#core/sealed-reasoning.ts";

const OWNER = "codex-cli";

export function sealed(itemId: string, encrypted: string): string {
  return sealFor(OWNER, markSignature("openai-responses", `${itemId}:${encrypted}`));
}

/** With our own as `encodeItems` reads them, and without those of others. */
export function opened(messages: readonly Message[]): readonly Message[] {
  return messages.map((message) => ({ ...message, content: message.content.map(openedPart) }));
}

function openedPart(part: Part): Part {
  if (part.type !== "reasoning" || part.signature === undefined) return part;
  const { signature, ...rest } = part;
  const own = openedFor(OWNER, signature);
  return own === undefined ? rest : { ...rest, signature: own };
}
