import type { Mode } from "#core/backend.ts";
import type { Message, ModelRequest, Part } from "#core/request.ts";

/** What one conversation's process may serve: the same asker, and all that cannot change after the first turn. */
export interface Conversation {
  readonly principal: string;
  readonly mode: Mode;
  readonly system: readonly string[];
  readonly model: string | undefined;
  readonly messages: readonly Message[];
}

/**
 * Equal for conversations that show the same, to the byte. Of an answer only its text and calls count: clients join
 * its blocks and drop its reasoning.
 */
export function fingerprint(conversation: Conversation): string {
  const { principal, mode, system, model, messages } = conversation;
  const visible = messages.map(({ role, content }) => [role, ...visibleParts(role, content)]);
  return new Bun.CryptoHasher("sha256")
    .update(JSON.stringify([principal, mode, system, model ?? null, visible]))
    .digest("base64");
}

/** Where a conversation that goes on begins to be new; undefined when nothing was answered yet. */
export function splitAtLastAnswer(
  request: ModelRequest,
): { readonly before: readonly Message[]; readonly added: readonly Message[] } | undefined {
  const at = request.messages.findLastIndex(({ role }) => role === "assistant");
  if (at === -1 || at === request.messages.length - 1) return undefined;
  return { before: request.messages.slice(0, at + 1), added: request.messages.slice(at + 1) };
}

/**
 * The ways a client may write down an answer of several steps: its blocks one after the other, or one text in which
 * each step is a paragraph.
 */
export function spellingsOf(steps: readonly string[]): readonly string[] {
  const spoken = steps.filter((text) => text !== "");
  return [...new Set([spoken.join(""), spoken.join("\n\n")])];
}

function visibleParts(role: Message["role"], parts: readonly Part[]): readonly unknown[] {
  if (role !== "assistant") return parts;
  const text = parts.map((part) => (part.type === "text" ? part.text : "")).join("");
  const rest = parts.filter(({ type }) => type !== "text" && type !== "reasoning");
  return [text, ...rest];
}
