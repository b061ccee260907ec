import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { findClaude } from "./find-claude.ts";

const home = mkdtempSync(join(tmpdir(), "ccproxy-find-"));
afterAll(() => rmSync(home, { recursive: true }));

function install(...path: readonly string[]): string {
  const directory = join(home, ...path);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, process.platform === "win32" ? "claude.exe" : "claude");
  writeFileSync(file, "", { mode: 0o755 });
  return file;
}

test("PATH comes before the places installers use, and those are found without it", () => {
  const local = install(".local", "bin");
  expect(findClaude({ HOME: home, PATH: "" })).toBe(local);
  const first = install("first");
  expect(findClaude({ HOME: home, PATH: `/nowhere:${join(home, "first")}` })).toBe(first);
});
