import type { Message, Part, ToolResultPart } from "#core/request.ts";

export type McpContent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly mimeType: string; readonly data: string };

/**
 * Characters of text in one result, beyond which the CLI saves it to a file and tells the model where (2.1.x: about
 * 25,000 tokens). A longer one reaches the model as history, where nothing is too long.
 */
const LONGEST_RESULT = 80_000;

/**
 * The results that these messages bring, when they are nothing else and the CLI can be given them for calls it holds;
 * undefined when the conversation has to be told anew.
 */
export function deliverableResults(added: readonly Message[]): readonly ToolResultPart[] | undefined {
  const parts = added.flatMap(({ content }) => content);
  const results = parts.filter((part) => part.type === "tool-result");
  return parts.length === results.length && results.every(({ content }) => isDeliverable(content))
    ? results
    : undefined;
}

function isDeliverable(content: readonly Part[]): boolean {
  const text = content.reduce((length, part) => length + (part.type === "text" ? part.text.length : 0), 0);
  return text <= LONGEST_RESULT && content.every((part) => mcpContent(part) !== undefined);
}

export function mcpContentOf(content: readonly Part[]): readonly McpContent[] {
  return content.flatMap((part) => mcpContent(part) ?? []);
}

function mcpContent(part: Part): McpContent | undefined {
  if (part.type === "text") return { type: "text", text: part.text };
  if (part.type !== "image" || part.source.type !== "base64") return undefined;
  return { type: "image", mimeType: part.source.mediaType, data: part.source.data };
}
