/** What a server needs and is not there is said when it starts, and again where a request or a person meets it. */
import { afterAll, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { binary, startProxy, waitFor } from "./support/proxy.ts";

const ask = (url: string) =>
  fetch(`${url}/v1/messages`, {
    method: "POST",
    body: JSON.stringify({ model: "sonnet", max_tokens: 9, messages: [{ role: "user", content: "hi" }] }),
  });

// proves("command-serve", "command-doctor")
test("a CLI that is not there is told at the start; requests are a 503, and the doctor fails", async () => {
  const proxy = await startProxy({ claude: "/nope/claude" });
  try {
    const told = await waitFor(() => /^ *claude .*$/m.exec(proxy.output())?.[0], 10_000);
    expect(told).toContain("/nope/claude does not exist; install it (https://claude.com/claude-code), or name it");
    await waitFor(() => (proxy.output().includes("ccproxy doctor") ? true : undefined), 10_000);
    expect((await ask(proxy.url)).status).toBe(503);
    const doctor = Bun.spawn([binary, "doctor", "--skip-live", "--port", "0", "--claude-path", "/nope/claude"], {
      env: { HOME: proxy.home, PATH: "/usr/bin:/bin" },
      stdout: "pipe",
    });
    expect(await new Response(doctor.stdout).text()).toMatch(/fail +claude +\/nope\/claude does not exist/);
    expect(await doctor.exited).toBe(1);
  } finally {
    await proxy.stop();
  }
});

const home = await mkdtemp(join(tmpdir(), "ccproxy-missing-"));
afterAll(() => rm(home, { recursive: true, force: true }));

test("what the CLI itself refuses about how it is started stands in the 503", async () => {
  const refused = join(home, "refused.json");
  await writeFile(refused, '{"servers":{}}');
  const proxy = await startProxy({ args: ["--mcp-config", refused] });
  try {
    const response = await ask(proxy.url);
    const said = 'It said: mcpServers: Missing \\"mcpServers\\" — found \\"servers\\" instead.';
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining(said)]);
  } finally {
    await proxy.stop();
  }
});

test.skipIf(process.platform === "win32")("of its last words no secret is shown, and never much", async () => {
  const claude = join(home, "claude");
  await writeFile(claude, `#!/bin/sh\necho "refused: token=very-secret ${"x".repeat(2000)}" >&2\nexit 1\n`);
  await chmod(claude, 0o755);
  const proxy = await startProxy({ claude });
  try {
    const response = await ask(proxy.url);
    const text = await response.text();
    expect([response.status, text]).toEqual([503, expect.stringContaining("It said: refused: token=[redacted]")]);
    expect(text).not.toContain("very-secret");
    expect(text.length).toBeLessThan(700);
  } finally {
    await proxy.stop();
  }
});

// proves("tool-approval-terminal")
test("a permission handler without a server says what to do, keeps trying, and ends as it is told to", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  await server.stop(true);
  const child = Bun.spawn([binary, "permission-handler", "--no-ui", "--port", String(port)], { stdout: "pipe" });
  let out = "";
  for await (const bytes of child.stdout) {
    out += new TextDecoder().decode(bytes);
    if (out.split("\n").length > 2) child.kill("SIGTERM");
  }
  const [first = "", second = ""] = out.split("\n");
  expect(first).toContain(`Nothing answers at http://127.0.0.1:${port}: start \`ccproxy serve --approvals\` there`);
  expect(second).toContain("Trying again in 2 s.");
  expect(await child.exited).toBe(143);
});
