/** Parts of OpenAI's messages in the words in which the script reads a conversation. */
import type { Block, ChatMessage } from "#demo/request.ts";
import { blocksOf } from "#demo/request.ts";
import { parseDataUrl } from "#lib/data-url.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

export function textBlock(text: string): Block {
  return { type: "text", text };
}

export function callBlock(id: string, name: string, input: string): Block {
  return { type: "tool_use", id, name, input: parseJsonText(input) ?? input };
}

/** The one of these that was given. */
export interface Medium {
  readonly url?: string | undefined;
  readonly fileId?: string | undefined;
  readonly title?: string | undefined;
}

export function mediaBlock(type: "image" | "document", { url, fileId, title }: Medium): Block {
  return { type, ...(title !== undefined && { title }), source: sourceOf(url, fileId) };
}

function sourceOf(url: string | undefined, fileId: string | undefined): NonNullable<Block["source"]> {
  if (url === undefined) return { type: "file", file_id: fileId ?? "" };
  const inline = url.startsWith("data:") ? parseDataUrl(url) : "no-form";
  return typeof inline === "string"
    ? { type: "url", url }
    : { type: "base64", media_type: inline.mediaType, data: inline.data };
}

/** What one side says in several items is one message; a person's words stand alone. */
export function joinNeighbours(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const joined: ChatMessage[] = [];
  for (const message of messages) {
    const before = joined.at(-1);
    const belongs = message.role === "assistant" || (isResults(message) && before !== undefined && isResults(before));
    if (before?.role === message.role && belongs)
      joined[joined.length - 1] = { ...before, content: [...blocksOf(before.content), ...blocksOf(message.content)] };
    else joined.push(message);
  }
  return joined;
}

function isResults({ content }: ChatMessage): boolean {
  return blocksOf(content).every(({ type }) => type === "tool_result");
}
