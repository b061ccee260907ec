import { cutText } from "#lib/cut-text.ts";

import { resultText, withoutReminders } from "./result-text.ts";
import type { Manner } from "./view.ts";

const LONGEST_VALUE_BYTES = 40;
const LONGEST_INPUT_BYTES = 120;
const LONGEST_RESULT_BYTES = 200;

/** A line for each call and each result. */
export const narrated: Manner = {
  tell(act) {
    switch (act.type) {
      case "tool_use_sdk":
        return `\n🔧 ${act.name}(${inputLine(act.input)})\n`;
      case "tool_result_sdk": {
        const line = oneLine(withoutReminders(resultText(act.content)));
        return `   ${act.is_error ? "✗" : "↳"} ${cutText(line, LONGEST_RESULT_BYTES)}\n`;
      }
      default:
        return undefined;
    }
  },
};

/** In the order the model wrote it. */
function inputLine(input: Readonly<Record<string, unknown>>): string {
  const values = Object.entries(input).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `${key}=${cutText(oneLine(text), LONGEST_VALUE_BYTES)}`;
  });
  return cutText(values.join(", "), LONGEST_INPUT_BYTES);
}

/** A run of white space is looked through from its beginning alone. */
function oneLine(text: string): string {
  return text.trim().replace(/(?<!\s)\s*\n\s*/g, " ");
}
