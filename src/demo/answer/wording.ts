import type { Asked, ChatMessage } from "#demo/request.ts";

import type { Standing, ToolResult } from "./conversation.ts";
import { describeMedia } from "./media.ts";

/** The answer to a prompt that scripts none. */
export function greeting(request: Asked, standing: Standing, prompt: string): string {
  const sentences = [
    `Hello from the demo upstream, playing ${request.model}; no model was asked.`,
    prompt === "" ? undefined : `You wrote: "${shortened(prompt)}".`,
    mediaSentence(request.messages.filter((message) => message.role === "user").slice(-1)),
    `This is turn ${standing.turn}.`,
  ];
  return sentences.filter((sentence) => sentence !== undefined).join(" ");
}

export function mediaSentence(messages: readonly ChatMessage[]): string | undefined {
  const media = describeMedia(messages);
  return media.length === 0 ? undefined : `Attached: ${media.join("; ")}.`;
}

/** The answer to tool results when the script says no more, so that every tool loop ends. */
export function quoteResults(results: readonly ToolResult[]): string {
  const quotes = results.map(({ toolName, isError, content }) => {
    const text = content.map((block) => (block.type === "text" ? (block.text ?? "") : `[${block.type}]`)).join("\n");
    return `${toolName ?? "A tool"} ${isError ? "failed with" : "answered"}: "${shortened(text)}"`;
  });
  return quotes.length === 0 ? "The script has no further step." : quotes.join("\n");
}

const quotedCharacters = 2000;

function shortened(text: string): string {
  if (text.length <= quotedCharacters) return text;
  return `${Array.from(text.slice(0, quotedCharacters)).slice(0, -1).join("")}… (${text.length} characters)`;
}
