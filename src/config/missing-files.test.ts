import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadConfig } from "./load.ts";
import { missingFiles } from "./missing-files.ts";

const scratch = mkdtempSync(join(tmpdir(), "ccproxy-missing-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const good = join(scratch, "good.json");
writeFileSync(good, "{}");
const bad = join(scratch, "bad.json");
writeFileSync(bad, "{mcp");

async function problemsOf(key: string, flag: string, value: readonly string[]) {
  return missingFiles(
    await loadConfig({ cwd: scratch, environment: { HOME: scratch }, flags: [{ flag, key, value }] }),
  );
}

test("directories that are not there are named, with the flag that names them", async () => {
  const problems = await problemsOf("claude.add_dirs", "--add-dir", [scratch, "/nope", good]);
  expect(problems).toEqual(["--add-dir: there is no directory /nope", `--add-dir: there is no directory ${good}`]);
});

test("MCP configurations that are not there, or no JSON, are named; what is inline is not shown", async () => {
  const values = [good, "/nope.json", bad, '{"mcpServers":{}}', '{"key":"secret'];
  expect(await problemsOf("claude.mcp_config", "--mcp-config", values)).toEqual([
    "--mcp-config: the file /nope.json cannot be read",
    `--mcp-config: the file ${bad} is not JSON`,
    "--mcp-config: the inline JSON is not valid JSON",
  ]);
});

test("a setting of a file is named with its file", async () => {
  const file = join(scratch, "ccproxy.toml");
  const tables = ["claude", "workspaces.ephemeral", "workspaces.site"];
  writeFileSync(
    file,
    `workspaces.site.path = "/"\n${tables.map((table) => `${table}.add_dirs = ["/nope"]\n`).join("")}`,
  );
  const loaded = await loadConfig({ cwd: "/", environment: { HOME: scratch }, configFile: file });
  expect(missingFiles(loaded)).toEqual(
    tables.map((table) => `${file}: ${table}.add_dirs: there is no directory /nope`),
  );
});
