import type { AskedBetas } from "#gateway/types.ts";
import { boundNames } from "#lib/unread-fields.ts";

/**
 * Betas that change nothing by themselves: they say who asks, or let fields, content and tools into the body, of which each
 * is carried or named for itself; or (the thinking between calls, a tool's input as it comes) other APIs do so unasked. One
 * lets in more of it: what is too long for the model that is asked is refused, not cut (Claude Code 2.1.197 sends it unasked).
 */
const quiet: ReadonlySet<string> = new Set([
  "advanced-tool-use",
  "advisor-tool",
  "cache-diagnosis",
  "claude-code",
  "code-execution",
  "code-execution-web-tools",
  "compact",
  "computer-use",
  "context-1m",
  "context-management",
  "effort",
  "extended-cache-ttl",
  "fast-mode",
  "files-api",
  "fine-grained-tool-streaming",
  "inline-tools",
  "interleaved-thinking",
  "mcp-client",
  "message-batches",
  "mid-conversation-output-config",
  "mid-conversation-system",
  "mid-conversation-system-clear-at",
  "mid-conversation-tool-changes",
  "oauth",
  "pdfs",
  "per-turn-control",
  "prompt-caching",
  "prompt-caching-scope",
  "server-side-fallback",
  "skills",
  "structured-outputs",
  "task-budgets",
  "thinking-binding-controls",
  "thinking-display-updates",
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
