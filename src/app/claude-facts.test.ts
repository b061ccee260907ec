import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { locateClaude } from "./claude-facts.ts";

const bin = mkdtempSync(join(tmpdir(), "ccproxy-bin-"));
afterAll(() => rmSync(bin, { recursive: true, force: true }));
writeFileSync(join(bin, "my-claude"), "#!/bin/sh\n", { mode: 0o755 });

test("a bare name from the configuration is found in PATH", () => {
  const environment = { PATH: `/nowhere:${bin}` };
  expect(locateClaude({ path: "my-claude", environment })).toBe(join(bin, "my-claude"));
});

test("a path from the configuration, and a name that is nowhere, stay as they are", () => {
  const environment = { PATH: bin };
  expect(locateClaude({ path: "/opt/claude", environment })).toBe("/opt/claude");
  expect(locateClaude({ path: "other-claude", environment })).toBe("other-claude");
});
