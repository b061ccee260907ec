import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";
import { workspacesOf } from "./workspaces.ts";

const scratch = mkdtempSync(join(tmpdir(), "ccproxy-workspaces-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const project = join(scratch, "project");
const user = join(scratch, "ccproxy");

beforeEach(() => {
  for (const folder of [project, user]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  }
});

function write(folder: string, ...lines: readonly string[]): string {
  const file = join(folder, "ccproxy.toml");
  writeFileSync(file, lines.join("\n"));
  return file;
}

const load = (variables: Readonly<Record<string, string>> = {}) =>
  loadConfig({ cwd: project, environment: { HOME: scratch, XDG_CONFIG_HOME: scratch, ...variables } });

async function problems(): Promise<readonly string[]> {
  const thrown: unknown = await load().catch((error: unknown) => error);
  return thrown instanceof ConfigError ? thrown.problems : [];
}

test("workspaces are named by tables beside the settings that concern them all, in every source", async () => {
  write(user, "workspaces.allow_paths = ['free']", "[workspaces.site]", "path = 'site'", "trusted = true");
  const { config } = await load({ CCPROXY__WORKSPACES__DOCS__PATH: "/docs", CCPROXY__WORKSPACES__DEFAULT: "docs" });
  expect(config.workspaces).toMatchObject({ allow_paths: [join(user, "free")], default: "docs", ephemeral: {} });
  expect(workspacesOf(config)).toEqual(
    new Map([
      ["site", { path: join(user, "site"), trusted: true }],
      ["docs", { path: "/docs", trusted: false }],
    ]),
  );
});

test("what contradicts itself, or is named and not there, is refused", async () => {
  write(
    user,
    "aliases.fast.workspace = 'stie'",
    "workspaces = { default = 'x', site = { path = '/s', setting_sources = ['user', 'local'] }, 'a b' = {} }",
  );
  const said = [
    "workspaces.site.setting_sources names local, which may run code; workspaces.site.trusted = true allows it",
    "workspaces.a b: a name is made of letters, digits, dashes and underscores",
    "workspaces.a b has no path",
    'workspaces.default names "x", which is no workspace',
    'aliases.fast.workspace names "stie", which is no workspace; did you mean site?',
  ];
  expect(await problems()).toEqual(said.map((problem) => `${join(user, "ccproxy.toml")}: ${problem}`));
  write(user, "aliases.fast.workspace = 'ephemeral'", "workspaces.default = 'default'");
  expect(await problems()).toEqual([]);
});

test("a wrong name is told of the right one", async () => {
  write(user, "workspaces.site.pth = '/s'", "workspaces.ephemeral.path = '/s'");
  const said = (await problems()).join("\n");
  expect(said).toContain("did you mean workspaces.site.path?");
  expect(said).toContain("workspaces.ephemeral.path is not a setting");
});

test("no project file may say that a directory's hooks may run, however trusted it is", async () => {
  const file = write(project, "workspaces.site = { path = '.', trusted = true }");
  const own = write(user, `trust.folders = [${JSON.stringify(project)}]`);
  expect(await problems()).toEqual([
    `${file}: workspaces.site.trusted may not be set by a project file; set it in ${own}`,
  ]);
  write(project, "workspaces.site = { path = '.' }");
  expect(workspacesOf((await load()).config).get("site")).toMatchObject({ path: project });
});
