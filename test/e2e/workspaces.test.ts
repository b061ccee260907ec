/** Where agents work: named, bound to an alias, named by a path, or made for one request. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { type ClientBench, openClientBench } from "./support/client-bench.ts";
import { failureOf } from "./support/clients.ts";
import { claudes, waitFor } from "./support/proxy.ts";

setDefaultTimeout(60_000);
const model = "claude-sonnet-5-5";
const tool = (name: string, input: unknown): string => `[[demo tool ${name} ${JSON.stringify(input)}]]`;
const write = (file: string): string =>
  `${tool("Write", { file_path: file, content: "made\n" })} [[demo then]] [[demo say Done.]]`;
const bash = (command: string): string => tool("Bash", { command, description: "d" });
/** Where an agent is, and who may enter, as Bash sees it. */
const look = bash("echo at:$(pwd -P):$(stat -c %a .):");

describe.each([...claudes])("claude $version", ({ path: claude }) => {
  let top: string;
  let bench: ClientBench;
  beforeAll(async () => {
    top = realpathSync(mkdtempSync(join(tmpdir(), "ccproxy-workspaces-")));
    for (const name of ["site", "wild", "known", "free/inner", "secret", "shared"])
      mkdirSync(join(top, name), { recursive: true });
    for (const name of ["wild", "known"]) {
      mkdirSync(join(top, name, ".claude"));
      await Bun.write(join(top, name, ".claude/settings.json"), JSON.stringify(hooksThatRun(join(top, name))));
    }
    await Bun.write(join(top, "kit.ts"), toolServer);
    const kit = { command: process.execPath, args: [join(top, "kit.ts")] };
    await Bun.write(join(top, "mcp.json"), JSON.stringify({ mcpServers: { kit } }));
    const config = join(top, "ccproxy.toml");
    await Bun.write(
      config,
      `workspaces.allow_paths = ["free"]
       workspaces.site = { path = "site", add_dirs = ["shared"], mcp_config = ["mcp.json"] }
       workspaces.wild.path = "wild"
       workspaces.known = { path = "known", trusted = true }
       aliases.webmaster = { model = "${model}", workspace = "site" }`,
    );
    bench = await openClientBench({
      claude,
      args: ["--config", config, "--permission-mode", "acceptEdits", "--allowed-tools", "Bash", "--pool-size", "0"],
    });
  });
  afterAll(async () => {
    await bench.end();
    rmSync(top, { recursive: true });
  });

  const inWorkspace = (workspace: string | undefined) =>
    bench.clients("agent", workspace === undefined ? {} : { headers: { "x-cc-workspace": workspace } });
  const ask = (workspace: string | undefined, content: string, asked = model) =>
    inWorkspace(workspace).openai.chat.completions.create({ model: asked, messages: [{ role: "user", content }] });
  const toldWorkspace = () => bench.traffic.last().headers.get("x-ccproxy-workspace");
  /** What Bash said to `look`. */
  const seen = () => {
    const [, path = "", access = ""] =
      /at:([^:$]+):([^:]+):/.exec(JSON.stringify(bench.lastAsked().messages.slice(1))) ?? [];
    return { path, access };
  };
  const ephemeral = () => readdirSync(join(bench.proxy.stateDirectory, "ephemeral"));

  test('a tool writes where the request says, by name, alias or path; proves("workspace-named")', async () => {
    await ask("site", write("by-name.txt"));
    expect(readFileSync(join(top, "site/by-name.txt"), "utf8")).toBe("made\n");
    expect(toldWorkspace()).toBe("site");
    await ask(undefined, write("by-alias.txt"), "webmaster");
    expect(existsSync(join(top, "site/by-alias.txt"))).toBe(true);
    expect(toldWorkspace()).toBe("site");
    await ask(join(top, "free/inner"), write("by-path.txt"), "webmaster");
    expect(existsSync(join(top, "free/inner/by-path.txt"))).toBe(true);
    expect(toldWorkspace()).toBe(join(top, "free/inner"));
    await ask(undefined, write("by-cwd.txt"));
    expect(existsSync(join(bench.proxy.cwd, "by-cwd.txt"))).toBe(true);
    expect(toldWorkspace()).toBe("default");
  });

  test('its further directories and its tool servers are its own; proves("workspace-named")', async () => {
    const reached: string[] = [];
    const offered: boolean[] = [];
    for (const name of ["site", "wild"]) {
      await ask(name, write(join(top, `shared/from-${name}.txt`)));
      if (existsSync(join(top, `shared/from-${name}.txt`))) reached.push(name);
      offered.push(JSON.stringify(bench.lastAsked()["tools"]).includes('"mcp__kit__measure"'));
    }
    expect([reached, offered]).toEqual([["site"], [true, false]]);
  });

  test('what a client may not name it is refused, in its own format; proves("workspace-named")', async () => {
    bench.forget();
    const { openai } = inWorkspace("stie");
    const messages = [{ role: "user" as const, content: "hi" }];
    const unknown = await failureOf(() => openai.chat.completions.create({ model, messages }));
    expect(unknown).toBeInstanceOf(OpenAI.NotFoundError);
    expect(String(unknown)).toContain("Did you mean site?");
    const refusals = [join(top, "secret"), join(top, "free/../secret"), "/etc", join(top, "nothing")].map(
      async (path) => {
        const { anthropic } = inWorkspace(path);
        const refused = await failureOf(() => anthropic.messages.create({ model, max_tokens: 9, messages }));
        expect(refused).toBeInstanceOf(Anthropic.PermissionDeniedError);
        return refused instanceof Anthropic.APIError
          ? JSON.stringify(refused.error).replace(/"req[^"]*"|e2e-[\w-]+/g, "")
          : "";
      },
    );
    const texts = new Set(await Promise.all(refusals));
    expect(texts.size).toBe(1);
    expect([...texts].join("")).toContain("workspaces.allow_paths");
    expect(bench.requests()).toEqual([]);
  });

  test("a conversation goes on in its own workspace only", async () => {
    const first = { role: "user" as const, content: "[[demo say One.]]" };
    const next = [first, { role: "assistant" as const, content: "One." }, { role: "user" as const, content: "Two?" }];
    const startOf = async (workspace: string, messages: readonly OpenAI.ChatCompletionMessageParam[]) => {
      await inWorkspace(workspace).openai.chat.completions.create({ model, messages: [...messages] });
      return (await bench.rowOf(bench.traffic.last().requestId)).start;
    };
    expect(await startOf("site", [first])).toBe("cold");
    expect(await startOf("wild", next)).toBe("cold");
    expect(await startOf(join(top, "free"), next)).toBe("cold");
    expect(await startOf("site", next)).toBe("live");
  });

  test("the hooks of a workspace run only where the user has called it trusted", async () => {
    for (const name of ["wild", "known", "site"]) await ask(name, write("hooked.txt"));
    expect(existsSync(join(top, "wild/hooked.txt"))).toBe(true);
    expect(readdirSync(join(top, "wild")).filter((name) => name.startsWith("ran-"))).toEqual([]);
    expect(
      readdirSync(join(top, "known"))
        .filter((name) => name.startsWith("ran-"))
        .toSorted(),
    ).toEqual(["ran-PreToolUse", "ran-UserPromptSubmit"]);
  });

  test('an ephemeral one is the request\'s alone, and gone after it; proves("workspace-ephemeral")', async () => {
    const { anthropic } = inWorkspace("ephemeral");
    const content = `${look} ${write("scratch.txt").replace("[[demo then]]", "")} [[demo then]] [[demo say Done.]]`;
    bench.forget();
    await anthropic.messages.create({ model, max_tokens: 99, messages: [{ role: "user", content }] });
    expect(toldWorkspace()).toBe("ephemeral");
    const one = seen();
    expect(one.path).toStartWith(join(bench.proxy.stateDirectory, "ephemeral"));
    expect(one.access).toBe("700");
    await waitFor(() => (existsSync(one.path) ? undefined : true), 10_000);
    await ask("ephemeral", `${look} [[demo then]] [[demo say Done.]]`);
    expect(seen().path).not.toBe(one.path);
    await waitFor(() => (ephemeral().length === 0 ? true : undefined), 10_000);
    // Nor does the CLI keep a place for what it might remember of it.
    const kept = readdirSync(join(bench.proxy.home, "claude"), { recursive: true, encoding: "utf8" });
    expect(kept.filter((name) => name.includes("ephemeral"))).toEqual([]);
  });

  test('it is gone also when the client leaves; proves("workspace-ephemeral")', async () => {
    const client = new AbortController();
    bench.forget();
    const { openai } = inWorkspace("ephemeral");
    const content = `${look} [[demo then]] [[demo text 1000 delay=50]]`;
    const stream = await openai.chat.completions.create(
      { model, stream: true, messages: [{ role: "user", content }] },
      { signal: client.signal },
    );
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content?.includes("chunk")) break;
    expect(existsSync(seen().path)).toBe(true);
    client.abort();
    await waitFor(() => (ephemeral().length === 0 ? true : undefined), 10_000);
    await bench.quiet();
  });
});

/** The next start removes what a crash left, and nothing that is in use. */
test('an ephemeral workspace does not outlive a crash for long; proves("workspace-ephemeral")', async () => {
  const options = {
    args: ["--allowed-tools", "Bash", "--pool-size", "0"],
    env: { CCPROXY__WORKSPACES__DEFAULT: "ephemeral" },
  };
  const crashed = await openClientBench(options);
  const content = `${bash("touch left.txt")} [[demo then]] [[demo text 1000 delay=50]]`;
  const answer = crashed
    .clients("agent")
    .post("/v1/chat/completions", { model, messages: [{ role: "user", content }] });
  const parent = join(crashed.proxy.stateDirectory, "ephemeral");
  const [left = ""] = await waitFor(() => {
    const names = readdirSync(parent).filter((name) => existsSync(join(parent, name, "left.txt")));
    return names.length > 0 ? names : undefined;
  }, 20_000);
  crashed.proxy.kill("SIGKILL");
  await answer.catch(() => undefined);
  await crashed.proxy.exited;
  expect(readdirSync(parent)).toContain(left);
  utimesSync(join(parent, left), 0, 0);
  const env = { ...options.env, XDG_STATE_HOME: join(crashed.proxy.home, "state") };
  const next = await openClientBench({ ...options, env });
  await waitFor(() => (readdirSync(parent).includes(left) ? undefined : true), 10_000);
  await next.proxy.stop();
  await crashed.end();
});

test("warm processes go to the workspace that requests come to", async () => {
  const directory = mkdtempSync(join(tmpdir(), "ccproxy-warm-"));
  const bench = await openClientBench({
    args: ["--pool-size", "2"],
    env: { CCPROXY__WORKSPACES__SITE__PATH: directory },
  });
  for (const workspace of ["site", "ephemeral"])
    await waitFor(async () => {
      const { openai } = bench.clients("agent", { headers: { "x-cc-workspace": workspace } });
      await openai.chat.completions.create({ model, messages: [{ role: "user", content: "hi" }] });
      const { start } = await bench.rowOf(bench.traffic.last().requestId);
      if (start === "warm") return true;
      await Bun.sleep(1000);
      return undefined;
    }, 50_000);
  await bench.end();
  rmSync(directory, { recursive: true });
}, 120_000);

function hooksThatRun(directory: string) {
  const hook = (event: string) => [
    { matcher: "*", hooks: [{ type: "command", command: `touch '${directory}/ran-${event}'` }] },
  ];
  return { hooks: { PreToolUse: hook("PreToolUse"), UserPromptSubmit: hook("UserPromptSubmit") } };
}

/** An MCP server with one tool, as a program of its own. */
const toolServer = `
const tools = [{ name: "measure", description: "Measures.", inputSchema: { type: "object" } }];
for await (const line of console) {
  const { id, method, params } = JSON.parse(line);
  const begun = { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "kit", version: "1" } };
  const result = method === "initialize" ? begun : method === "tools/list" ? { tools } : {};
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
}
`;
