/**
 * Decides how `npm start` serves and prints it as JSON `{ args, note }`. With a Claude login present it
 * is the user's own CLI and login; without one, the pinned CLI against the built-in demo upstream, so
 * that the main job is seen on any machine.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";

import { findClaude } from "#backends/claude-cli/index.ts";
import { loadConfig } from "#config/load.ts";

import { installedClaudes, newestClaude } from "./lib/claude-binaries.ts";
import { run } from "./lib/run.ts";

interface Plan {
  readonly args: readonly string[];
  readonly note: string;
}

async function plan(given: readonly string[]): Promise<Plan> {
  const decided = given.find((argument) => /^--(demo|claude-path)(=|$)/.test(argument));
  if (decided !== undefined) return { args: given, note: `${decided.split("=", 1).join("")} was given` };
  const own = await ownClaude();
  const claude = own ?? (hasTraceOfLogin() ? installedClaudes()[0]?.path : undefined);
  if (claude !== undefined && (await isLoggedIn(claude)))
    return own === undefined
      ? { args: ["--claude-path", claude, ...given], note: "your login, with the pinned claude" }
      : { args: given, note: `your own claude and its login: ${own}` };
  return {
    args: ["--demo", "--claude-path", newestClaude().path, ...given],
    note: `${own === undefined ? "no claude of yours" : "yours is not logged in"}: the pinned one with the demo upstream`,
  };
}

/** The CLI that `serve` would use: the configured one, else the one found. */
async function ownClaude(): Promise<string | undefined> {
  const environment = process.env;
  // A configuration that does not load is for `serve` to explain.
  const loaded = await loadConfig({ cwd: process.cwd(), environment }).catch(() => undefined);
  return loaded?.config.claude.path ?? findClaude(environment);
}

/** As the CLI itself says: `claude auth status` answers JSON with `loggedIn` (2.1.197 and later). */
async function isLoggedIn(claude: string): Promise<boolean> {
  const { output } = await run([claude, "auth", "status"], { timeoutMs: 20_000 });
  try {
    const status: unknown = JSON.parse(output.slice(output.indexOf("{")));
    return typeof status === "object" && status !== null && "loggedIn" in status && status.loggedIn === true;
  } catch {
    return false;
  }
}

/** The CLI leaves files in an empty home when asked, so it is only asked where there may be a login. */
function hasTraceOfLogin(): boolean {
  const keys = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CONFIG_DIR"].concat([
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
  ]);
  return keys.some((key) => Boolean(process.env[key])) || existsSync(`${homedir()}/.claude.json`);
}

console.log(JSON.stringify(await plan(process.argv.slice(2))));
