import type { Message } from "./request.ts";

/**
 * What of a message tells conversations apart. Of an answer only its text and calls do: clients join its blocks and drop
 * its reasoning.
 */
export function shownParts({ role, content }: Message): readonly unknown[] {
  if (role !== "assistant") return content;
  const text = content.map((part) => (part.type === "text" ? part.text : "")).join("");
  const rest = content.filter(({ type }) => type !== "text" && type !== "reasoning");
  return [text, ...rest];
}
