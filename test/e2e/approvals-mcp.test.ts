/** A Claude Code started elsewhere, of either version, that asks this server what it may do. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { openHandler, toolPrompt } from "./support/approvals.ts";
import { type ClientBench, openClientBench } from "./support/client-bench.ts";
import { claudes } from "./support/proxy.ts";

setDefaultTimeout(60_000);
const token = "a-token-for-the-tool-server";
const headers = { authorization: `Bearer ${token}` };

let bench: ClientBench;
beforeAll(async () => {
  bench = await openClientBench({ args: ["--approvals", "--auth-token", token] });
});
afterAll(() => bench.end());
beforeEach(() => bench.forget());

describe.each([...claudes])("claude $version", ({ path, version }) => {
  const home = (): string => {
    const directory = join(bench.proxy.home, `elsewhere-${version}`);
    mkdirSync(directory, { recursive: true });
    return directory;
  };

  /** `claude -p` with the demo upstream behind it, not the proxy. */
  function start(prompt: string) {
    const servers = { ccproxy: { type: "http", url: `${bench.proxy.url}/mcp`, headers } };
    const child = Bun.spawn(
      [
        path,
        "-p",
        "--permission-prompt-tool=mcp__ccproxy__check_permission",
        `--mcp-config=${JSON.stringify({ mcpServers: servers })}`,
        "--strict-mcp-config",
      ],
      {
        cwd: home(),
        env: {
          PATH: process.env["PATH"] ?? "",
          HOME: home(),
          CLAUDE_CONFIG_DIR: join(home(), "config"),
          CLAUDE_CODE_TMPDIR: home(),
          ANTHROPIC_BASE_URL: bench.proxy.upstream.url,
          ANTHROPIC_API_KEY: "demo",
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        },
        stdin: new Blob([prompt]),
        stdout: "pipe",
        stderr: "pipe",
        timeout: 50_000,
        killSignal: "SIGKILL",
      },
    );
    const said = async () => {
      const [stdout, stderr] = [await new Response(child.stdout).text(), await new Response(child.stderr).text()];
      return { code: await child.exited, stdout, stderr };
    };
    return { said, kill: () => child.kill("SIGKILL") };
  }

  test('its calls are allowed, edited and denied here; proves("tool-approval")', async () => {
    const handler = await openHandler(bench.proxy.url, headers);
    for (const [nth, answer, content] of [
      [1, { allowed: true }, "as asked"],
      [2, { allowed: true, updated_input: { file_path: join(home(), "2.txt"), content: "as edited" } }, "as edited"],
      [3, { allowed: false, message: "Not today." }, undefined],
    ] as const) {
      const file = join(home(), `${nth}.txt`);
      const { said } = start(toolPrompt("Write", { file_path: file, content: "as asked" }));
      const asked = await handler.event("permission_request", nth);
      expect(asked).toMatchObject({ tool_name: "Write", input: { file_path: file, content: "as asked" } });
      expect((await handler.respond(asked.request_id, answer)).status).toBe(200);
      expect(await said()).toMatchObject({ code: 0, stdout: expect.stringContaining("Done.") });
      expect(existsSync(file) ? readFileSync(file, "utf8") : undefined).toBe(content);
    }
    expect(JSON.stringify(bench.lastAsked().messages)).toContain("Not today.");
    handler.leave();
  });

  test("one that ends withdraws its call", async () => {
    const handler = await openHandler(bench.proxy.url, headers);
    const { said, kill } = start(toolPrompt("Write", { file_path: join(home(), "gone.txt"), content: "x" }));
    await handler.event("permission_request");
    kill();
    await said();
    expect(await handler.event("permission_resolved")).toMatchObject({ status: "withdrawn" });
    handler.leave();
  });
});

test("without the token nothing is asked", async () => {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  expect((await fetch(`${bench.proxy.url}/mcp`, { method: "POST", body })).status).toBe(401);
  expect((await fetch(`${bench.proxy.url}/mcp`, { headers })).status).toBe(405);
  const listed = await fetch(`${bench.proxy.url}/mcp`, { method: "POST", body, headers });
  expect(await listed.text()).toContain("check_permission");
});
