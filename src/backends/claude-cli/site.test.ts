import { expect, test } from "bun:test";

import type { Workspace } from "#core/workspace.ts";

import { placeKey, placeOf, placeOfKey } from "./place.ts";

const workspace: Workspace = {
  name: "site",
  directory: { path: "/srv/site", identity: "1:2" },
  addDirs: ["/more"],
  mcpConfig: ['{"mcpServers":{}}'],
  settingSources: ["user"],
};

test("a key says all that a process is started with, and can be read again", () => {
  const { name: _name, ...place } = workspace;
  expect(placeOfKey(placeKey(workspace))).toEqual(place);
  const ephemeral = { ...place, directory: undefined };
  expect(placeOfKey(placeKey(ephemeral))).toEqual(ephemeral);
  expect(placeOfKey(placeKey("chat"))).toBe("chat");
});

test("places that differ in anything but their name do not share processes", () => {
  const key = placeKey(workspace);
  const renamed: Workspace = { ...workspace, name: "other" };
  expect(placeKey(renamed)).toBe(key);
  for (const other of [
    { directory: undefined },
    { directory: { path: "/srv/other", identity: "1:2" } },
    { directory: { path: "/srv/site", identity: "1:3" } },
    { addDirs: [] },
    { mcpConfig: [] },
    { settingSources: ["user", "project"] },
  ])
    expect(placeKey({ ...workspace, ...other })).not.toBe(key);
});

test("a bare model works nowhere, and an agent not without being told where", () => {
  expect(placeOf({ mode: "chat", workspace })).toBe("chat");
  expect(placeOf({ mode: "agent", workspace })).toBe(workspace);
  expect(() => placeOf({ mode: "agent" })).toThrow("not told where");
});
