import type { Asked } from "#demo/request.ts";

import { isBase64 } from "./media.ts";

export const charactersPerToken = 4;
/** What one base64 image or document counts for, whatever its size. */
const charactersPerAttachment = 6000;

/** One token for every four UTF-16 units, rounded up. */
export function tokensOfText(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}

/** Four characters of the JSON of `system`, `messages` and `tools` are a token; an attachment's base64 counts 1500. */
export function tokensOfRequest({ system, messages, tools }: Pick<Asked, "system" | "messages" | "tools">): number {
  let attachments = 0;
  const json = JSON.stringify({ system, messages, tools }, (key, value: unknown) => {
    if (key !== "data" || !isBase64(value) || value.length < charactersPerAttachment) return value;
    attachments += 1;
    return "";
  });
  return Math.ceil((json.length + attachments * charactersPerAttachment) / charactersPerToken);
}
