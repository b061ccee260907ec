import { expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openKeyFiles } from "./key-files.ts";

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("a key is kept for its owner alone, replaced whole, and removed", () => {
  const root = mkdtempSync(join(tmpdir(), "ccproxy-"));
  const directory = join(root, "keys");
  const keys = openKeyFiles(directory);
  expect([keys.has("openai"), keys.remove("openai")]).toEqual([false, false]);
  keys.save("openai", "sk-1");
  chmodSync(directory, 0o755);
  keys.save("openai", "sk-2");
  expect(readFileSync(keys.path("openai"), "utf8")).toBe("sk-2\n");
  expect([mode(directory), mode(keys.path("openai"))]).toEqual(["700", "600"]);
  expect(readdirSync(directory)).toEqual(["openai"]);
  expect([keys.has("openai"), keys.remove("openai"), keys.has("openai")]).toEqual([true, true, false]);
  rmSync(root, { recursive: true });
});
