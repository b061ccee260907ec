import { findProgram } from "#lib/find-program.ts";

/** Path of the CLI; undefined when it is in none of the usual places. */
export function findClaude(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  return findProgram("claude", environment, [".claude/local", ".claude/local/node_modules/.bin"]);
}
