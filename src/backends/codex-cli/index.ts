/** The Codex backend, as the rest of the program sees it. */
export { createCodexCliBackend } from "./backend.ts";
export type { CodexCliBackend, CodexCliOptions, Notice } from "./options.ts";
