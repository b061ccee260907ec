import { cutText } from "#lib/cut-text.ts";

import { resultText, withoutReminders } from "./result-text.ts";
import type { Manner } from "./view.ts";

const LONGEST_RESULT_BYTES = 8 * 1024;

/** Markdown with everything in it, for people who read along. */
export const verbose: Manner = {
  tell(act) {
    switch (act.type) {
      case "tool_use_sdk":
        return `\n\n**🔧 ${act.name}**\n${fenced(JSON.stringify(act.input, null, 2), "```", "json")}`;
      case "tool_result_sdk": {
        const text = cutText(withoutReminders(resultText(act.content)), LONGEST_RESULT_BYTES);
        return `\n**${act.is_error ? "⚠ error" : "↪ result"}**\n${fenced(text, "````", "")}`;
      }
      default:
        return undefined;
    }
  },
  thinkingBetween: ["\n[thinking] ", "\n"],
};

/** The fence is longer than any in the text. */
function fenced(text: string, fence: string, language: string): string {
  const longest = Math.max(fence.length - 1, ...Array.from(text.matchAll(/`{3,}/g), ([run]) => run.length));
  const outer = "`".repeat(longest + 1);
  return `${outer}${language}\n${text}\n${outer}\n`;
}
