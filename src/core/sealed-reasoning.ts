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

/** Whether anybody but Anthropic sealed it; base64 has no colon. */
export function isMarked(signature: string): boolean {
  return /^openai-(?:chat|responses):/.test(signature);
}

type SignatureOwner = "openai-chat" | "openai-responses";
