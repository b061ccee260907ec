import type { Message, Part } from "./request.ts";

/** Results of one assistant turn come first in the user message that follows it. */
export function withResultsFirst({ role, content }: Message): Message {
  return { role, content: [...content.filter(isResult), ...content.filter((part) => !isResult(part))] };
}

export function isResult(part: Part): boolean {
  return part.type === "tool-result";
}
