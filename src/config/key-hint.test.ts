import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { problemsOf } from "./testing/problems-of.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

const problems = (text: string) => problemsOf(folder, text);

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
