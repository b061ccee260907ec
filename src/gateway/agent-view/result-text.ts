import { isRecord } from "#lib/is-record.ts";

/** What a tool gave back, as text: pictures and the like by their kind. */
export function resultText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return JSON.stringify(content) ?? "";
  return content.map((block: unknown) => blockText(block)).join("\n");
}

function blockText(block: unknown): string {
  if (!isRecord(block)) return JSON.stringify(block) ?? "";
  if (block["type"] === "text" && typeof block["text"] === "string") return block["text"];
  return `[${String(block["type"])}]`;
}

/** Notes the CLI puts into results for the model alone. A run of white space is looked through from its beginning alone. */
export function withoutReminders(text: string): string {
  return text.replace(/(?<!\s)\s*<system-reminder>[^]*?<\/system-reminder>/g, "").trim();
}
