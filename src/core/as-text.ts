/** Content in words, for APIs that have no other place for it. */
import type { DocumentPart, ToolResultPart } from "./request.ts";

/** Of a document that is a text; undefined for one that is a file. */
export function documentText({ source, title, context }: DocumentPart): string | undefined {
  if (source.type !== "text") return undefined;
  const name = title === undefined ? "" : ` title=${JSON.stringify(title)}`;
  const about = context === undefined ? "" : `${context}\n\n`;
  return `<document${name}>\n${about}${source.text}\n</document>`;
}

/** Of a result; what else it holds has to follow it. */
export function resultText({ content, isError }: ToolResultPart): string {
  const texts = content.flatMap((part) => (part.type === "text" ? [part.text] : []));
  const text = texts.length > 0 ? texts.join("\n") : content.length > 0 ? "It follows." : "(no output)";
  return isError ? `Error: ${text}` : text;
}
