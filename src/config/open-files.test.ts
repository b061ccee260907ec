import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadConfig } from "./load.ts";
import { openFiles } from "./open-files.ts";

const scratch = mkdtempSync(join(tmpdir(), "ccproxy-open-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test.skipIf(process.platform === "win32").each([
  ["an access token", '{"server":{"auth_token":"a-long-enough-token-for-this"}}', 0o644, true],
  ["named access tokens", '{"server":{"tokens":{"ci":"a-long-enough-token-for-this"}}}', 0o640, true],
  ["an access token, for its owner alone", '{"server":{"auth_token":"a-long-enough-token-for-this"}}', 0o600, false],
  ["nothing secret", '{"server":{"port":8001}}', 0o644, false],
])("a file with %s", async (_what, text, mode, isNamed) => {
  const file = join(scratch, "ccproxy.json");
  writeFileSync(file, text);
  chmodSync(file, mode);
  const loaded = await loadConfig({ cwd: scratch, environment: { HOME: scratch }, configFile: file });
  expect(openFiles(loaded)).toEqual(isNamed ? [file] : []);
});
