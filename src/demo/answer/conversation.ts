import type { Block, ChatMessage } from "#demo/request.ts";
import { blocksOf } from "#demo/request.ts";
import { hasDirective } from "#demo/script/directives.ts";

/** Where a conversation stands when a request arrives. */
export interface Standing {
  /** The user's text that began this turn, without what the client's program added or quoted. */
  readonly text: string;
  /** How many rounds of tool calls this turn has behind it. */
  readonly round: number;
  readonly results: readonly ToolResult[];
  /** 1 for the first prompt of the conversation. */
  readonly turn: number;
}

export interface ToolResult {
  readonly callId: string;
  readonly toolName: string | undefined;
  readonly isError: boolean;
  readonly content: readonly Block[];
}

/**
 * Only the last user message speaks, and only its own text. When it merely carries tool results,
 * the prompt that began the turn speaks instead, and `round` says how far its script has come.
 */
export function readStanding(messages: readonly ChatMessage[]): Standing {
  const last = messages.findLastIndex((message) => message.role === "user");
  const origin = originOf(messages, last);
  const prompts = messages.slice(0, origin + 1).filter((message) => message.role === "user" && !hasResults(message));
  return {
    text: ownText(messages[origin]),
    round: messages.slice(origin + 1).filter((message) => message.role === "assistant" && hasCalls(message)).length,
    results: origin === last ? [] : resultsOf(messages, last),
    turn: Math.max(1, prompts.length),
  };
}

/** The text a person wrote into this message. */
function ownText(message: ChatMessage | undefined): string {
  return blocksOf(message?.content)
    .map((block) => (block.type === "text" ? withoutQuoted(block.text ?? "") : ""))
    .filter((text) => text !== "")
    .join("\n");
}

/**
 * Claude Code adds reminders to a user's message, and 2.1.197 asks for a title of the session with
 * the prompt quoted in `<session>`: a directive in there is not meant for this request.
 */
function withoutQuoted(text: string): string {
  return text.replace(/<(system-reminder|session)>[^]*?(?:<\/\1>|$)/g, "").trim();
}

/** The index of the user message that began the turn; -1 when the conversation holds none. */
function originOf(messages: readonly ChatMessage[], last: number): number {
  return messages.findLastIndex(
    (message, at) => at <= last && message.role === "user" && (!hasResults(message) || hasDirective(ownText(message))),
  );
}

/** A message with results may also hold words of the person; they begin a turn only by a directive. */
function hasResults(message: ChatMessage): boolean {
  return blocksOf(message.content).some((block) => block.type === "tool_result");
}

function hasCalls(message: ChatMessage): boolean {
  return blocksOf(message.content).some(isCall);
}

function isCall(block: Block): boolean {
  return block.type === "tool_use";
}

function resultsOf(messages: readonly ChatMessage[], at: number): readonly ToolResult[] {
  const calls = new Map<string, string>();
  for (const message of messages)
    for (const block of blocksOf(message.content))
      if (isCall(block) && block.id !== undefined && block.name !== undefined) calls.set(block.id, block.name);
  return blocksOf(messages[at]?.content)
    .filter((block) => block.type === "tool_result")
    .map((block) => ({
      callId: block.tool_use_id ?? "",
      toolName: calls.get(block.tool_use_id ?? ""),
      isError: block.is_error === true,
      content: blocksOf(block.content),
    }));
}
