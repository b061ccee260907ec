/** Claude Code itself, as a client of a proxy. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { Proxy } from "./proxy.ts";

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `claude -p --output-format json` prints. */
export interface Result {
  readonly is_error: boolean;
  readonly result: string;
  readonly session_id: string;
  readonly api_error_status?: number | null;
  readonly stop_reason: string | null;
  readonly usage: Readonly<Record<string, unknown>>;
}

export interface ClaudeClient {
  /** Where it works. */
  readonly directory: string;
  run(prompt: string, ...args: readonly string[]): Promise<Said>;
  asJson(prompt: string, ...args: readonly string[]): Promise<Result & { readonly code: number }>;
}

export function createClaudeClient(
  proxy: Proxy,
  { path, version }: { readonly path: string; readonly version: string },
): ClaudeClient {
  // Neither the proxy's own home nor the user's: what one version writes the other would read.
  const directory = join(proxy.home, `client-${version}`);
  async function run(prompt: string, ...args: readonly string[]): Promise<Said> {
    mkdirSync(directory, { recursive: true });
    const child = Bun.spawn([path, "-p", "--model", "claude-sonnet-5-5", ...args], {
      cwd: directory,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: directory,
        CLAUDE_CONFIG_DIR: join(directory, "config"),
        CLAUDE_CODE_TMPDIR: directory,
        ANTHROPIC_BASE_URL: proxy.url,
        ANTHROPIC_API_KEY: "any",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        CLAUDE_CODE_MAX_RETRIES: "0",
      },
      stdin: new Blob([prompt]),
      stdout: "pipe",
      stderr: "pipe",
      timeout: 50_000,
      killSignal: "SIGKILL",
    });
    const [stdout, stderr] = [await new Response(child.stdout).text(), await new Response(child.stderr).text()];
    return { code: await child.exited, stdout, stderr };
  }
  return {
    directory,
    run,
    async asJson(prompt, ...args) {
      const { stdout, code } = await run(prompt, "--output-format", "json", ...args);
      return { ...(JSON.parse(stdout) as Result), code }; // As the CLI documents it.
    },
  };
}
