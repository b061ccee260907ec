import { expect, test } from "bun:test";

import type { Workspace } from "#core/workspace.ts";

import { keyOfLaunch, launchOf, launchOfKey, permissionModeOf, wantedFor } from "./launch.ts";

const site = {
  directory: { path: "/home/me/a b", identity: "1:2" },
  addDirs: [],
  mcpConfig: [],
  settingSources: ["user"],
} as const;

test.each([
  [undefined, "default", "default"],
  ["plan", "default", "default"],
  ["acceptEdits", "plan", "plan"],
  ["bypassPermissions", "default", "bypassPermissions"],
  ["plan", "bypassPermissions", "plan"],
  ["bypassPermissions", "bypassPermissions", "bypassPermissions"],
])(
  "an agent that is to be in mode %p is started, where %p is configured, in %p",
  (permissionMode, configured, started) => {
    expect(launchOf({ site, permissionMode }, configured).permissionMode).toBe(started);
    expect(permissionModeOf({ site, permissionMode }, configured)).toBe(permissionMode ?? configured);
  },
);

test("a bare model is one kind whatever its alias permits", () => {
  const asked = { site: "chat", permissionMode: "bypassPermissions" } as const;
  expect(launchOf(asked, "default")).toEqual({ site: "chat", permissionMode: "default" });
});

test("the pool's name says what to start", () => {
  for (const launch of [
    { site, permissionMode: "dontAsk" },
    { site: "chat", permissionMode: "default" },
  ] as const)
    expect(launchOfKey(keyOfLaunch(launch))).toEqual(launch);
});

test("one whose conversation the CLI writes down is of a kind of its own", () => {
  const launch = launchOf({ site, kept: true }, "default");
  expect(launch).toEqual({ site, permissionMode: "default", kept: true });
  expect(launchOfKey(keyOfLaunch(launch))).toEqual(launch);
  expect(keyOfLaunch(launch)).not.toBe(keyOfLaunch(launchOf({ site }, "default")));
});

test("a bare model, and an agent whose directory goes with its process, are never written down", () => {
  const session = { id: "s", named: true };
  const rules = { name: "n", addDirs: [], mcpConfig: [], settingSources: [] };
  const asked = {
    tools: "agent",
    requestId: "r",
    principal: "p",
    session,
    signal: new AbortController().signal,
    report: () => undefined,
  } as const;
  const directory = { path: "/w", identity: "1" };
  const keptIn = (workspace: Workspace) => wantedFor({ ...asked, mode: "agent", workspace }).kept;
  expect(keptIn({ ...rules, directory })).toBe(true);
  expect(keptIn({ ...rules, directory: undefined })).toBe(false);
  expect(wantedFor({ ...asked, mode: "chat" }).kept).toBe(false);
});
