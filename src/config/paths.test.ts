import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { configDirectory, openStateDirectory, stateDirectory } from "./paths.ts";

const scratch = mkdtempSync(join(tmpdir(), "ccproxy-paths-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const home = { HOME: "/home/me" };

test("XDG directories count when they are absolute", () => {
  expect(configDirectory({ environment: { ...home, XDG_CONFIG_HOME: "/c" }, platform: "linux" })).toBe("/c/ccproxy");
  expect(stateDirectory({}, { environment: { ...home, XDG_STATE_HOME: "/s" }, platform: "linux" })).toBe("/s/ccproxy");
  expect(configDirectory({ environment: { ...home, XDG_CONFIG_HOME: "c" }, platform: "linux" })).toBe(
    "/home/me/.config/ccproxy",
  );
});

test("the state is where the platform keeps such things, unless a setting names a place", () => {
  expect(stateDirectory({}, { environment: home, platform: "linux" })).toBe("/home/me/.local/state/ccproxy");
  expect(stateDirectory({}, { environment: home, platform: "darwin" })).toBe(
    "/home/me/Library/Application Support/ccproxy",
  );
  expect(stateDirectory({ state_dir: "/x" }, { environment: home })).toBe("/x");
});

test.skipIf(process.platform === "win32")("the state directory is its owner's alone, also one that was not", () => {
  const fresh = join(scratch, "a", "b");
  openStateDirectory(fresh);
  expect(statSync(fresh).mode & 0o777).toBe(0o700);
  const open = join(scratch, "open");
  mkdirSync(open);
  chmodSync(open, 0o755);
  openStateDirectory(open);
  expect(statSync(open).mode & 0o777).toBe(0o700);
});
