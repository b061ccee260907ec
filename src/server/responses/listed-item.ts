import { isRecord } from "#lib/is-record.ts";

type Item = Readonly<Record<string, unknown>>;

/** These have a status wherever they are listed. */
const withStatus: ReadonlySet<unknown> = new Set([
  "message",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
]);

/** An item of a request as the API lists it, which is stricter in form than what may be sent. */
export function listedItem(sent: Item): Item {
  const { type: said, status: told, ...item } = sent;
  const type = said ?? "message";
  const status = told ?? "completed";
  const whole = withStatus.has(type) ? { type, status, ...item } : sent;
  return type === "message" ? { ...whole, content: partsOf(item["content"], item["role"]) } : whole;
}

function partsOf(content: unknown, role: unknown): readonly unknown[] {
  const parts: readonly unknown[] = Array.isArray(content) ? content : [{ type: "text", text: content }];
  return parts.map((part) => (isRecord(part) ? partIn(part, role) : part));
}

/** `text` may be said for either kind of it. */
function partIn(part: Item, role: unknown): Item {
  const type = part["type"] === "text" ? (role === "assistant" ? "output_text" : "input_text") : part["type"];
  return { ...part, type, ...(type === "output_text" && { annotations: part["annotations"] ?? [] }) };
}
