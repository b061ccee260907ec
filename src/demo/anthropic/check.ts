import type { Block, ChatMessage } from "#demo/request.ts";
import { blocksOf } from "#demo/request.ts";

/**
 * The API's own rules for a conversation, which a client learns of only when it breaks them:
 * no empty text, and every tool call has its result in the very next user message and the reverse.
 * Undefined when all is well.
 */
export function problemOfConversation(messages: readonly ChatMessage[]): string | undefined {
  const turns = mergedTurns(messages);
  for (const [at, turn] of turns.entries()) {
    if (turn.blocks.some((block) => block.type === "text" && block.text === ""))
      return "messages: text content blocks must be non-empty";
    const called = idsOf(turns[at - 1]?.blocks ?? [], "tool_use", "id");
    const answered = idsOf(turn.blocks, "tool_result", "tool_use_id");
    const orphan = answered.find((id) => !called.includes(id));
    if (orphan !== undefined)
      return `messages.${turn.index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${orphan}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
    const open = called.filter((id) => !answered.includes(id));
    if (open.length > 0)
      return `messages.${turn.index - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
  }
  return undefined;
}

interface Turn {
  readonly role: string;
  readonly index: number;
  readonly blocks: readonly Block[];
}

/** Neighbours of one role count as one message; `system` messages in between are no turn. */
function mergedTurns(messages: readonly ChatMessage[]): readonly Turn[] {
  const turns: Turn[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    if (role === "system") continue;
    const before = turns.at(-1);
    const blocks = blocksOf(content);
    if (before?.role === role) turns[turns.length - 1] = { ...before, blocks: [...before.blocks, ...blocks] };
    else turns.push({ role, index, blocks });
  }
  return turns;
}

function idsOf(blocks: readonly Block[], type: string, key: "id" | "tool_use_id"): readonly string[] {
  return blocks.flatMap((block) => (block.type === type && block[key] !== undefined ? [block[key]] : []));
}
