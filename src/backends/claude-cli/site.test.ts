import { expect, test } from "bun:test";

import type { Workspace } from "#core/workspace.ts";

import { siteKey, siteOf, siteOfKey } from "./site.ts";

const workspace: Workspace = {
  name: "site",
  directory: { path: "/srv/site", identity: "1:2" },
  addDirs: ["/more"],
  mcpConfig: ['{"mcpServers":{}}'],
  settingSources: ["user"],
};

test("a key says all that a process is started with, and can be read again", () => {
  const { name: _name, ...site } = workspace;
  expect(siteOfKey(siteKey(workspace))).toEqual(site);
  const ephemeral = { ...site, directory: undefined };
  expect(siteOfKey(siteKey(ephemeral))).toEqual(ephemeral);
  expect(siteOfKey(siteKey("chat"))).toBe("chat");
});

test("sites that differ in anything but their name do not share processes", () => {
  const key = siteKey(workspace);
  const renamed: Workspace = { ...workspace, name: "other" };
  expect(siteKey(renamed)).toBe(key);
  for (const other of [
    { directory: undefined },
    { directory: { path: "/srv/other", identity: "1:2" } },
    { directory: { path: "/srv/site", identity: "1:3" } },
    { addDirs: [] },
    { mcpConfig: [] },
    { settingSources: ["user", "project"] },
  ])
    expect(siteKey({ ...workspace, ...other })).not.toBe(key);
});

test("a bare model works nowhere, and an agent not without being told where", () => {
  expect(siteOf({ mode: "chat", workspace })).toBe("chat");
  expect(siteOf({ mode: "agent", workspace })).toBe(workspace);
  expect(() => siteOf({ mode: "agent" })).toThrow("not told where");
});
