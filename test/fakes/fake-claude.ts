/** A program to give as `--claude-path`, whose next starts misbehave as told. */
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Fault } from "./fault.ts";

export interface FakeClaude {
  readonly path: string;
  /** What every process started from now on does wrong. */
  plays(fault: Fault): void;
  /** How many processes were started to answer. */
  starts(): number;
  remove(): void;
}

export function createFakeClaude(): FakeClaude {
  const directory = mkdtempSync(join(tmpdir(), "ccproxy-fake-"));
  const path = join(directory, "claude");
  const fault = join(directory, "fault.json");
  const starts = join(directory, "starts");
  const program = join(import.meta.dirname, "claude.ts");
  writeFileSync(starts, "");
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" != -p ] || echo >> '${starts}'\nexec '${process.execPath}' '${program}' '${fault}' "$@"\n`,
  );
  chmodSync(path, 0o755);
  const fake: FakeClaude = {
    path,
    plays(next) {
      // In one step: a child that starts meanwhile must not read half of it.
      writeFileSync(`${fault}.new`, JSON.stringify(next));
      renameSync(`${fault}.new`, fault);
    },
    starts: () => readFileSync(starts, "utf8").length,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
  fake.plays({ kind: "none" });
  return fake;
}
