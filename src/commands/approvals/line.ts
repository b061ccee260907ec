import { visibleText } from "#lib/visible-text.ts";

import type { Heard } from "./client.ts";

/** What was heard, as one line. */
export function lineOf(heard: Heard): string {
  if (heard.type === "connected") return "connected";
  if (heard.type === "lost") return `lost: ${visibleText(heard.why)} Trying again in ${heard.retryMs / 1000} s.`;
  const { event } = heard;
  const words = [event.type, event.request_id];
  if (event.type === "permission_request") words.push(event.tool_name, JSON.stringify(event.input));
  if (event.type === "permission_resolved") words.push(event.status ?? (event.allowed ? "allowed" : "denied"));
  return visibleText(words.join(" "));
}
