import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { problemsOf } from "./testing/problems-of.ts";

const folder = mkdtempSync(join(tmpdir(), "ccproxy-said-"));
afterAll(() => rmSync(folder, { recursive: true }));

const problems = (text: string) => problemsOf(folder, text);

test.each([
  ["[providers.deepseak]", "providers.deepseak has no base_url; did you mean deepseek?"],
  ["[providers.openai]\nbase_url = 'x'", 'providers.openai: "x" is no http(s) URL'],
  [
    "routing.default = 'opnai'\n[providers.openai]",
    'routing.default names "opnai", which is no backend; did you mean openai?',
  ],
  // What is below the head of a table is the table's.
  [
    "[server]\nprices_file = 'p'",
    "server.prices_file is not a setting; prices_file itself belongs above the first [table]",
  ],
  [
    "[routing.fallbacks]\ndemo = true",
    "routing.fallbacks.demo must be a list; each item must be a text that is not empty, got true; demo itself belongs above the first [table]",
  ],
])("%j is told with the file it stands in", async (text, problem) => {
  expect(await problems(text)).toEqual([`${join(folder, "ccproxy.toml")}: ${problem}`]);
});
