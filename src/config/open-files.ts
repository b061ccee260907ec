/** Files that hold a secret setting and that others than their owner can read. */
import { statSync } from "node:fs";

import type { LoadedConfig } from "./load.ts";
import { isSecret } from "./schema.ts";

const inFile: ReadonlySet<string> = new Set(["project", "user", "named", "env-file"]);

export function openFiles({ sources }: Pick<LoadedConfig, "sources">): readonly string[] {
  // Windows has no such modes.
  if (process.platform === "win32") return [];
  const holders = [...sources].flatMap(([key, { kind, name }]) => (isSecret(key) && inFile.has(kind) ? [name] : []));
  return [...new Set(holders)].filter((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o044) !== 0);
}
