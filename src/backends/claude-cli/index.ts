/** The Claude Code backend, as the rest of the program sees it. */
export { createClaudeCliBackend } from "./backend.ts";
export { findClaude } from "./find-claude.ts";
export type { ClaudeCliBackend, ClaudeCliOptions, Notice } from "./options.ts";
