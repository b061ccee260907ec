/** What becomes of messages on their way into the CLI, beside what the Messages API makes of them. */
import { GatewayError } from "#core/errors.ts";
import type { Message, ModelRequest } from "#core/request.ts";
import { boundNames } from "#lib/unread-fields.ts";
import {
  append,
  encodeMessages,
  type ToolNaming,
  unsignedReasoning,
  type WireBlock,
  type WireMessage,
} from "#wire/anthropic-messages/upstream/messages.ts";

/** Ends in a user message. Throws `invalid-request`. */
export function historyOf(
  request: Pick<ModelRequest, "messages" | "places">,
  nameOf: ToolNaming,
): readonly WireMessage[] {
  const { messages } = request;
  const encoded = encodeMessages(request, nameOf);
  if (encoded.at(-1)?.role === "user") return encoded;
  throw new GatewayError("invalid-request", "The last message is the assistant's: an answer cannot be prefilled.", {
    hint: "End the messages with one of the user.",
    param: `messages[${messages.length - 1}]`,
  });
}

/**
 * The CLI runs a user message as a slash command when its last block is text that begins with `/`, in the history
 * too (`/clear` wipes it). A newline in front makes it text; measured with 2.1.197 and 2.1.329.
 */
export function guardCommand(content: readonly WireBlock[]): readonly WireBlock[] {
  const last = content.at(-1);
  const text = last?.type === "text" ? last["text"] : undefined;
  if (typeof text !== "string" || !text.startsWith("/")) return content;
  return [...content.slice(0, -1), { ...last, type: "text", text: `\n${text}` }];
}

/**
 * The fields of earlier reasoning that the model will not see: all of it goes missing in the CLI's history, and what
 * nobody signed where the messages are told whole.
 */
export function unheardReasoning(messages: readonly Message[], toldWhole: boolean): readonly string[] {
  if (toldWhole) return unsignedReasoning(messages);
  const reasoning = messages.flatMap(({ content }) => content.filter((part) => part.type === "reasoning"));
  return boundNames(new Set(reasoning.map(({ field = "thinking" }) => field)));
}

/** The CLI drops thinking from an injected history, and an answer that is nothing else would be an empty message. */
export function withoutThinking(messages: readonly WireMessage[]): readonly WireMessage[] {
  const kept: WireMessage[] = [];
  for (const { role, content } of messages) {
    const blocks = content.filter(({ type }) => type !== "thinking" && type !== "redacted_thinking");
    if (blocks.length > 0) append(kept, { role, content: blocks });
  }
  return kept;
}
