/**
 * The `codex` program of the development dependency. The package's own command is a Node wrapper; the native program
 * lies in an optional package per system.
 */
import { Glob } from "bun";

import { root } from "./run.ts";

/** undefined where the package has none for this system. */
export function installedCodex(): string | undefined {
  const name = `${root}/node_modules/@openai/codex-${process.platform}-${process.arch}`;
  const pattern = `vendor/*/bin/codex${process.platform === "win32" ? ".exe" : ""}`;
  try {
    const [found] = new Glob(pattern).scanSync({ cwd: name });
    return found === undefined ? undefined : `${name}/${found}`;
  } catch {
    return undefined;
  }
}
