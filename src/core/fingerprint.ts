import type { Message, ModelRequest } from "./request.ts";
import { shownParts } from "./shown.ts";

/** What a process may serve beside its conversation: the same asker, and all that its first turn has settled. */
export interface Settled {
  readonly principal: string;
  readonly model: string | undefined;
  readonly system: readonly string[];
  /** Everything else that only a first turn is told. */
  readonly rest: readonly unknown[];
}

/** Equal for conversations that show the same, to the byte. */
export function fingerprint(settled: Settled, messages: readonly Message[]): string {
  return digest(
    settled,
    messages.map((message) => [message.role, ...shownParts(message)]),
  );
}

/** Anthropic's own ids of calls are never given twice; another upstream may call every first call `call_0`. */
const UNIQUE_ID = /^toolu_/;

/**
 * For a turn that waits for the results of these calls: whatever else the conversation shows, only it knows the ids.
 * Where others may have the same, what was said before the calls has to be the same too.
 */
export function callsFingerprint(
  settled: Settled,
  callIds: readonly string[],
  before: readonly Message[] = [],
): string {
  const ids = callIds.toSorted();
  return ids.every((id) => UNIQUE_ID.test(id))
    ? digest(settled, ids)
    : digest(settled, [ids, fingerprint(settled, before)]);
}

function digest({ principal, model, system, rest }: Settled, shown: readonly unknown[]): string {
  return new Bun.CryptoHasher("sha256")
    .update(JSON.stringify([principal, model ?? null, system, rest, shown]))
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

/** The same as the messages they make; none of an answer without words. */
export function answersOf(steps: readonly string[]): readonly (readonly Message[])[] {
  const texts = spellingsOf(steps).filter((text) => text !== "");
  return texts.map((text) => [{ role: "assistant", content: [{ type: "text", text }] }]);
}
