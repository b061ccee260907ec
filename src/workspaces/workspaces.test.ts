import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { toGatewayError } from "#core/errors.ts";

import { createWorkspaces, type ConfiguredWorkspace, type WorkspaceAsk } from "./workspaces.ts";

let top: string;
beforeAll(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), "ccproxy-places-")));
  for (const name of ["here", "site", "free/inner"]) mkdirSync(join(top, name), { recursive: true });
  symlinkSync("site", join(top, "link"));
});
afterAll(() => rmSync(top, { recursive: true }));

const rules = { addDirs: [], mcpConfig: [], settingSources: ["user"] };

function resolve(ask: WorkspaceAsk) {
  const entry = (
    name: string,
    path: string | undefined,
    more: Partial<ConfiguredWorkspace> = {},
  ): [string, ConfiguredWorkspace] => [
    name,
    { name, path: path === undefined ? undefined : join(top, path), ...rules, ...more },
  ];
  const configured = new Map([
    entry("default", "here"),
    entry("site", "link", { addDirs: ["/more"], settingSources: ["user", "project"] }),
    entry("lost", "not-there"),
    entry("ephemeral", undefined),
  ]);
  const settings = { configured, allowPaths: [join(top, "free")], rulesOfPaths: rules };
  return createWorkspaces(settings).resolve(ask);
}

test("the client's word comes first, then the alias's, then the default", async () => {
  expect(await resolve({ asked: "site", bound: "ephemeral" })).toMatchObject({ name: "site" });
  expect(await resolve({ bound: "site" })).toMatchObject({ name: "site" });
  expect(await resolve({})).toMatchObject({ name: "default", directory: { path: join(top, "here") } });
  expect(await resolve({ asked: "default", bound: "site" })).toMatchObject({ name: "default" });
});

test("a named one has its own rules, and links in its path are followed", async () => {
  expect(await resolve({ asked: "site" })).toEqual({
    name: "site",
    directory: { path: join(top, "site"), identity: expect.any(String) },
    addDirs: ["/more"],
    mcpConfig: [],
    settingSources: ["user", "project"],
  });
});

test("an ephemeral one has no directory yet", async () => {
  expect(await resolve({ asked: "ephemeral" })).toMatchObject({ name: "ephemeral", directory: undefined });
});

test("a path is shown as the client gave it, and is not trusted", async () => {
  const asked = `${top}/free/./inner/`;
  const inner = join(top, "free/inner");
  expect(await resolve({ asked })).toMatchObject({ name: asked, directory: { path: inner }, settingSources: ["user"] });
  const options = { param: "X-CCProxy-Workspace" };
  await expect(resolve({ asked: join(top, "site") })).rejects.toMatchObject({ kind: "permission", options });
  await expect(resolve({ asked: join(top, "free/none") })).rejects.toMatchObject({ kind: "not-found", options });
});

test("what cannot be had is an error, and never another place", async () => {
  await expect(resolve({ asked: "stie", bound: "site" })).rejects.toMatchObject({
    kind: "not-found",
    options: { hint: "Did you mean site?" },
  });
  await expect(resolve({ asked: "x".repeat(100_000) })).rejects.toMatchObject({ kind: "not-found" });
  await expect(resolve({ asked: "lost" })).rejects.toMatchObject({ kind: "unavailable" });
  for (const asked of ["./here", "../here", "~/here", "a\\b"])
    await expect(resolve({ asked })).rejects.toMatchObject({
      kind: "invalid-request",
      message: expect.stringContaining(`got ${JSON.stringify(asked)}`),
    });
});

test("an error says nothing of where a workspace is", async () => {
  const error = await resolve({ asked: "lost" }).catch((thrown: unknown) => thrown);
  expect(toGatewayError(error).explanation).not.toContain(top);
});
