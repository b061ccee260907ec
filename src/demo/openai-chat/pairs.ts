import type { ApiError } from "#demo/api-error.ts";
import { invalid } from "#demo/openai/common.ts";
import type { Block, ChatMessage } from "#demo/request.ts";
import { blocksOf } from "#demo/request.ts";

/** Every call has its result before anyone else speaks, and every result its call right before it. */
export function problemOfPairs(messages: readonly ChatMessage[]): ApiError | undefined {
  let open: readonly string[] = [];
  for (const { role, content } of messages) {
    if (role === "system") continue;
    const blocks = blocksOf(content);
    const results = idsOf(blocks, "tool_result", "tool_use_id");
    const orphan = results.find((id) => !open.includes(id));
    if (orphan !== undefined) return orphaned(orphan);
    open = open.filter((id) => !results.includes(id));
    if (open.length > 0) return unanswered(open);
    open = idsOf(blocks, "tool_use", "id");
  }
  return open.length > 0 ? unanswered(open) : undefined;
}

function unanswered(ids: readonly string[]): ApiError {
  const message = `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${ids.join(", ")}`;
  return invalid(message, { param: "messages" });
}

function orphaned(id: string): ApiError {
  const message = `Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls' (${id}).`;
  return invalid(message, { param: "messages" });
}

function idsOf(blocks: readonly Block[], type: string, key: "id" | "tool_use_id"): readonly string[] {
  return blocks.flatMap((block) => (block.type === type && block[key] !== undefined ? [block[key]] : []));
}
