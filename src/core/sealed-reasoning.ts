/**
 * What an upstream wants back of its reasoning, in the signature that every client's format carries along (see
 * ReasoningPart). A mark says whose it is, and no other upstream is ever sent it. What has no mark is Anthropic's own.
 */
export function markSignature(owner: SignatureOwner, sealed: string): string {
  return `${owner}:${sealed}`;
}

/** undefined for what another sealed, or nobody. */
export function ownSignature(owner: SignatureOwner, signature: string | undefined): string | undefined {
  return signature?.startsWith(`${owner}:`) ? signature.slice(owner.length + 1) : undefined;
}

/** The same beneath the name of the provider: another that speaks the same API cannot open it. */
export function sealFor(provider: string, signature: string): string {
  return `${provider}|${signature}`;
}

/** undefined for what another provider sealed. */
export function openedFor(provider: string, signature: string): string | undefined {
  return signature.startsWith(`${provider}|`) ? signature.slice(provider.length + 1) : undefined;
}

/** Whether anybody but Anthropic sealed it; base64 has neither of these. */
export function isMarked(signature: string): boolean {
  return /[:|]/.test(signature);
}

type SignatureOwner = "openai-chat" | "openai-responses";
