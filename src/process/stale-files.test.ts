import { expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { removeStale } from "./stale-files.ts";

test("removes old entries whole, keeps young ones, and does not follow links", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ccproxy-stale-"));
  const target = mkdtempSync(join(tmpdir(), "ccproxy-target-"));
  writeFileSync(join(target, "precious"), "");
  mkdirSync(join(dir, "old", "deep"), { recursive: true });
  mkdirSync(join(dir, "young"));
  symlinkSync(target, join(dir, "link"));
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(join(dir, "old"), longAgo, longAgo);

  expect(await removeStale(dir, Date.now() - 60_000)).toBe(1);
  expect(readdirSync(dir).toSorted()).toEqual(["link", "young"]);
  expect(await removeStale(dir, Date.now() + 60_000)).toBe(2);
  expect(existsSync(join(target, "precious"))).toBe(true);
  expect(await removeStale(join(dir, "missing"), Date.now())).toBe(0);
  for (const path of [dir, target]) rmSync(path, { recursive: true, force: true });
});
