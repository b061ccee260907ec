import type { AskedBetas } from "#gateway/types.ts";
import { boundNames } from "#lib/unread-fields.ts";

/**
 * Betas that change nothing by themselves: they say who asks, or let fields, content and tools into the body, of which each
 * is carried or named for itself; or (the thinking between calls) they are what models behind another API do unasked.
 */
const quiet: ReadonlySet<string> = new Set([
  "advanced-tool-use",
  "claude-code",
  "code-execution",
  "compact",
  "computer-use",
  "context-management",
  "effort",
  "extended-cache-ttl",
  "fast-mode",
  "files-api",
  "interleaved-thinking",
  "mcp-client",
  "message-batches",
  "mid-conversation-system",
  "mid-conversation-tool-changes",
  "oauth",
  "pdfs",
  "per-turn-control",
  "prompt-caching",
  "prompt-caching-scope",
  "skills",
  "structured-outputs",
  "task-budgets",
  "thinking-token-count",
  "token-counting",
  "web-fetch",
  "web-search",
]);

/** `claude-code-20250219` too. */
const date = /-\d{4}-?\d{2}-?\d{2}$/;

/** What the client wants of Anthropic's API beyond its version; undefined where that is nothing. */
export function betasIn(headers: Headers): AskedBetas | undefined {
  const said = headers.get("anthropic-beta")?.split(",") ?? [];
  const names = [...new Set(said.map((name) => name.trim()).filter((name) => name !== ""))];
  if (names.length === 0) return undefined;
  const telling = names.filter((name) => !quiet.has(name.replace(date, "")));
  return { names, fields: boundNames(new Set(telling.map((name) => `anthropic-beta=${name}`))) };
}

/** The one that is spoken here, and asked for of every upstream. */
const version = "2023-06-01";

/** Headers that only a request that is passed on can keep. */
export function lostWhenRead(headers: Headers): readonly string[] {
  return (headers.get("anthropic-version") ?? version) === version ? [] : ["anthropic-version"];
}
