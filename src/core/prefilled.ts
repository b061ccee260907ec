import type { ModelRequest } from "./request.ts";

/**
 * The field of an answer that its client has begun, as Anthropic's API lets it. Others take that for a message which is over,
 * and begin another.
 */
export function prefilled({ wireFormat, messages }: Pick<ModelRequest, "wireFormat" | "messages">): readonly string[] {
  const last = messages.length - 1;
  return wireFormat === "anthropic-messages" && messages[last]?.role === "assistant" ? [`messages[${last}]`] : [];
}
