import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What is wrong with a file of this text. */
async function problems(text: string): Promise<readonly string[]> {
  const configFile = join(folder, "ccproxy.toml");
  writeFileSync(configFile, text);
  const error = await loadConfig({ cwd: folder, environment: { HOME: folder }, configFile }).catch(
    (thrown: unknown) => thrown,
  );
  return error instanceof ConfigError ? error.problems : [];
}

test.each([
  "openai.api_key = 'SECRET'",
  "openai.key = 'SECRET'",
  "openai.apiKey = 'SECRET'",
  "openai = 'SECRET'",
  "openai.credentials = 'SECRET'",
  "openai.credentials.mine = 'SECRET'",
  "openai.credentials.mine.key = 'SECRET'",
  "openai.credentials.mine.command = 'SECRET'",
  "openai.credentials.mine.env = 'sk-SECRET'",
])("providers.%s says where a key goes, and not what it is", async (line) => {
  const said = (await problems(`[providers]\n${line}`)).join("\n");
  expect(said).toContain("providers.openai");
  expect(said).not.toContain("SECRET");
  if (/key/i.test(line)) expect(said).toContain("set OPENAI_API_KEY, or call `ccproxy auth login openai`");
});
