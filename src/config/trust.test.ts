import { describe, expect, test } from "bun:test";
import { rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

import { configFolders } from "./testing/config-folders.ts";

const { scratch, project, userFolder, write, inProject, inUser, load, problems } = configFolders();

describe("a project file", () => {
  const refused = [
    "claude.path = './claude'",
    "claude.cwd = '/'",
    "claude.mcp_config = ['./mcp.json']",
    "claude.add_dirs = ['/']",
    "claude.allowed_tools = ['Bash']",
    "claude.disallowed_tools = []",
    "claude.setting_sources = ['project']",
    "claude.permission_mode = 'bypassPermissions'",
    "claude.permission_mode = 'acceptEdits'",
    "aliases.fast.permission_mode = 'acceptEdits'",
    "server.host = '0.0.0.0'",
    "server.auth_token = 'known-to-them'",
    "server.tokens.alice = 'known-to-them'",
    "server.tokens.'a.b' = 'known-to-them'",
    "server.cors_origins = ['*']",
    "server.allowed_hosts = ['evil.example']",
    "log.file = '/etc/passwd'",
    "log.retention_days = 1",
    "state_dir = '/tmp/x'",
    "demo = true",
    "trust.folders = ['/']",
    "workspaces.allow_paths = ['/']",
    "workspaces.site.path = '/'",
    "workspaces.site.trusted = true",
    "aliases.fast.workspace = 'ephemeral'",
    "aliases.'gpt-4.1'.workspace = 'ephemeral'",
    "workspaces.'a.b'.path = '/'",
    // That there is one sends requests to it.
    "providers.openai = {}",
    "routing.rules.all = {}",
  ];

  test.each(refused)("may not say %s", async (line) => {
    const file = inProject("ccproxy.toml", line);
    const [problem = "", ...more] = await problems();
    expect(more).toEqual([]);
    expect(problem).toStartWith(
      `${file}: ${line.split(" ", 1).join("").replaceAll("'", "")} may not be set by a project file;`,
    );
    expect(problem).toContain(`add ${JSON.stringify(project)} to trust.folders in ${join(userFolder, "ccproxy.toml")}`);
  });

  test.each([
    "claude.permission_mode = 'plan'",
    "server.host = 'localhost'",
    "server.port = 9",
    "claude.model = 'haiku'",
    "aliases.fast.model = 'haiku'",
    "aliases.fast.permission_mode = 'plan'",
    "model_versions.sonnet = 'claude-sonnet-4-6'",
    "models.passthrough = false",
    "codex = {}",
  ])("may say %s", async (line) => {
    inProject("ccproxy.toml", line);
    expect((await load()).files).toHaveLength(1);
  });

  test("may say anything where the user trusts the folder, or one above it", async () => {
    inProject("ccproxy.toml", "claude.allowed_tools = ['Bash']\nclaude.path = './claude'");
    inUser("ccproxy.toml", `trust.folders = [${JSON.stringify(project)}]`);
    expect((await load()).config.claude).toMatchObject({ allowed_tools: ["Bash"], path: join(project, "claude") });
    inUser("ccproxy.toml", `trust.folders = [${JSON.stringify(dirname(project))}]`);
    expect((await load()).config.claude.allowed_tools).toEqual(["Bash"]);
    rmSync(userFolder, { recursive: true });
    const { config } = await load({ environment: { CCPROXY__TRUST__FOLDERS: project } });
    expect(config.claude.allowed_tools).toEqual(["Bash"]);
  });

  test("is not trusted for a name that merely begins like a trusted one, or for a link to it", async () => {
    const outside = join(scratch, "project-evil");
    write(join(outside, "ccproxy.toml"), "demo = true");
    inUser("ccproxy.toml", `trust.folders = [${JSON.stringify(project)}]`);
    expect(await problems({ cwd: outside })).toHaveLength(1);
    symlinkSync(outside, join(project, "link"));
    expect(await problems({ cwd: join(project, "link") })).toHaveLength(1);
  });
});
