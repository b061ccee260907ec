import { resultText } from "#core/as-text.ts";
import type { Message, Part, ToolResultPart } from "#core/request.ts";

import type { Params } from "./messages.ts";

/**
 * The results that these messages bring, when they are nothing else; undefined when the conversation has to be told
 * anew.
 */
export function resultsAlone(added: readonly Message[]): readonly ToolResultPart[] | undefined {
  const parts = added.flatMap(({ content }) => content);
  const results = parts.filter((part) => part.type === "tool-result");
  return parts.length === results.length && results.every(({ content }) => content.every(isDeliverable))
    ? results
    : undefined;
}

function isDeliverable(part: Part): boolean {
  return part.type === "text" || imageUrl(part) !== undefined;
}

/** The answer to the question that a call is. */
export function answerTo(result: ToolResultPart): Params {
  const images = result.content.flatMap((part) => imageUrl(part) ?? []);
  return {
    contentItems: [
      { type: "inputText", text: resultText(result) },
      ...images.map((url) => ({ type: "inputImage", imageUrl: url })),
    ],
    success: !result.isError,
  };
}

/** In place of what the client would have said. */
export function failedAnswer(text: string): Params {
  return { contentItems: [{ type: "inputText", text }], success: false };
}

function imageUrl(part: Part): string | undefined {
  if (part.type !== "image") return undefined;
  const { source } = part;
  if (source.type === "url") return source.url;
  return source.type === "base64" ? `data:${source.mediaType};base64,${source.data}` : undefined;
}
