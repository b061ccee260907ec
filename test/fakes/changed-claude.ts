/** A program to give as `--claude-path`: the real `claude` as a version nobody has tested. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { ClaudeBinary } from "../../scripts/lib/claude-binaries.ts";

/** What it does unlike the real one. */
export type Change =
  | "nothing"
  /** Does not know the options it is started with. */
  | "refuses"
  | "keeps-its-messages"
  | "drops-temperature"
  | "forgets-answers"
  | "forgets-system-prompts"
  /** Takes no tools from its host. */
  | "forgets-tools"
  | "runs-commands"
  | "reads-mentions"
  | "ignores-interrupts"
  /** Prints lines of a new kind. */
  | "says-more";

/** The path of a program in `directory`, with one change or several. */
export function changeClaude(
  { path, version }: ClaudeBinary,
  change: Change | readonly Change[],
  directory: string,
): string {
  const changes = [change].flat().join(",");
  const changed = join(directory, `claude-${changes}`);
  const program = join(import.meta.dirname, "newer-claude.ts");
  writeFileSync(
    changed,
    `#!/bin/sh\nexec '${process.execPath}' '${program}' '${path}' '${version}' '${changes}' "$@"\n`,
  );
  chmodSync(changed, 0o755);
  return changed;
}
