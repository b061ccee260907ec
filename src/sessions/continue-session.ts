import type { Message, ModelRequest, Part } from "#core/request.ts";
import { shownParts } from "#core/shown.ts";

/** What is remembered of a named session. */
export interface Memory {
  readonly messages: readonly Message[];
  readonly system: readonly string[];
  readonly model: string | null;
  /** The client has sent its new messages alone. */
  readonly piecemeal: boolean;
}

export interface Continued {
  /** Carries the whole conversation. */
  readonly request: ModelRequest;
  /** How many of the remembered messages it begins with. */
  readonly kept: number;
  readonly piecemeal: boolean;
}

/**
 * What a request to a named session means.
 *
 * - It shows an answer: it is the whole conversation as its client has it, which counts, however it differs from what is
 *   remembered: nothing (it goes on), its end (asked again), or an earlier message (edited).
 * - It shows no answer, and says over again how the session began: the first question is asked again. Unless the client
 *   has sent its new messages alone before; then it says the same thing once more.
 * - It begins with the session's last answer, as a client does that brings only the results of that answer's calls, or
 *   shows none: its messages come after all that is remembered.
 */
export function continueSession(memory: Memory, request: ModelRequest): Continued {
  const model = request.model ?? memory.model ?? undefined;
  const { messages } = request;
  const same = countSame(memory.messages, messages);
  const last = memory.messages.at(-1);
  const added = last !== undefined && isSame(last, messages[0]) ? messages.slice(1) : messages;
  if (added.some(({ role }) => role === "assistant"))
    return { request: { ...request, model }, kept: same, piecemeal: false };
  const asksAgain = same === messages.length && !memory.piecemeal;
  if (last === undefined || asksAgain || added.length === 0)
    return { request: { ...request, model }, kept: same, piecemeal: memory.piecemeal };
  return {
    request: {
      ...request,
      model,
      system: request.system.length > 0 ? request.system : memory.system,
      messages: [...memory.messages, ...added],
      outOfContext: answersCalls(memory.messages, added) ? undefined : request.outOfContext,
    },
    kept: memory.messages.length,
    piecemeal: true,
  };
}

/** Whether every result is one of a call that was made before. */
function answersCalls(before: readonly Message[], added: readonly Message[]): boolean {
  const called = new Set(partsOf(before).map((part) => (part.type === "tool-call" ? part.callId : undefined)));
  return partsOf(added).every((part) => part.type !== "tool-result" || called.has(part.callId));
}

function partsOf(messages: readonly Message[]): readonly Part[] {
  return messages.flatMap(({ content }) => content);
}

function countSame(one: readonly Message[], other: readonly Message[]): number {
  const differs = one.findIndex((message, at) => !isSame(message, other[at]));
  return differs === -1 ? one.length : differs;
}

function isSame(one: Message, other: Message | undefined): boolean {
  return (
    one.role === other?.role && (one === other || JSON.stringify(shownParts(one)) === JSON.stringify(shownParts(other)))
  );
}
