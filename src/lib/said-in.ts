import { isRecord } from "./is-record.ts";

const longest = 500;

/**
 * The message in the body of a refusal, on one line: servers know many shapes for it (`{error:{message}}`, `{error}`,
 * `{errors:[]}`, `{message}`, `{detail}`, `{msg}`, any of these in a list, or plain text). Empty for a page and for what says nothing.
 */
export function saidIn(body: unknown): string {
  if (typeof body === "string") return /^\s*</.test(body) ? "" : oneLine(body);
  if (Array.isArray(body)) return saidIn(body[0]);
  if (!isRecord(body)) return "";
  return (
    ["error", "errors", "message", "detail", "msg", "error_description"]
      .map((name) => saidIn(body[name]))
      .find(Boolean) ?? ""
  );
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
