import type { ApiError } from "#demo/api-error.ts";
import { invalid } from "#demo/openai/common.ts";

import type { Item } from "./schema.ts";

/** The API's own rules for a conversation: calls and outputs belong together, and reasoning is its own. */
export function problemOfItems(items: readonly Item[]): ApiError | undefined {
  const called = idsOf(items, /_call$/);
  const answered = idsOf(items, /_call_output$/);
  const orphan = answered.find((id) => !called.includes(id));
  if (orphan !== undefined)
    return invalid(`No tool call found for function call output with call_id ${orphan}.`, { param: "input" });
  const open = called.find((id) => !answered.includes(id));
  if (open !== undefined) return invalid(`No tool output found for function call ${open}.`, { param: "input" });
  const foreign = items.some((item) => item.type === "reasoning" && isForeign(item.encrypted_content));
  return foreign
    ? invalid("The encrypted content could not be verified.", { type: "invalid_encrypted_content" })
    : undefined;
}

function idsOf(items: readonly Item[], kind: RegExp): readonly string[] {
  return items.flatMap((item) => ("call_id" in item && kind.test(item.type) ? [String(item.call_id)] : []));
}

/** What the demo encrypted begins like its signatures do: base64 of `demo `. */
function isForeign(content: string | null | undefined): boolean {
  return typeof content === "string" && !content.startsWith("ZGVtb");
}
