import type { WireFormat } from "#core/wire-format.ts";

import type { WireFormats } from "./route.ts";

/** The shape a client of this path expects. Where both are possible, only Anthropic's clients send a version. */
export function wireFormatOf(path: string, headers: Headers, formats: WireFormats): WireFormat {
  const { openaiChat, openaiResponses, anthropicMessages } = formats;
  if (/\/v1\/messages(?:\/|$)/.test(path)) return anthropicMessages;
  if (/\/chat\/completions\/?$/.test(path)) return openaiChat;
  if (/\/v1\/responses(?:\/|$)/.test(path)) return openaiResponses;
  return headers.has("anthropic-version") ? anthropicMessages : openaiChat;
}
