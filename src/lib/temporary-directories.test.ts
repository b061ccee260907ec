import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createTemporaryDirectories } from "./temporary-directories.ts";

test("nothing is left of directories that were closed without waiting, once they have settled", async () => {
  const parent = mkdtempSync(join(tmpdir(), "ccproxy-directories-"));
  const directories = createTemporaryDirectories(parent);
  for (let count = 0; count < 20; count += 1) {
    const path = directories.open();
    mkdirSync(join(path, "deep", "down"), { recursive: true });
    void directories.close(path);
  }
  await directories.settled();
  expect(readdirSync(parent)).toEqual([]);
  rmSync(parent, { recursive: true });
});
