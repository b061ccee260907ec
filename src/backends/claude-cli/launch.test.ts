import { expect, test } from "bun:test";

import { keyOfLaunch, launchOf, launchOfKey, permissionModeOf } from "./launch.ts";

const place = {
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
    expect(launchOf({ place, permissionMode }, configured).permissionMode).toBe(started);
    expect(permissionModeOf({ place, permissionMode }, configured)).toBe(permissionMode ?? configured);
  },
);

test("a bare model is one kind whatever its alias permits", () => {
  const asked = { place: "chat", permissionMode: "bypassPermissions" } as const;
  expect(launchOf(asked, "default")).toEqual({ place: "chat", permissionMode: "default" });
});

test("the pool's name says what to start", () => {
  for (const launch of [
    { place, permissionMode: "dontAsk" },
    { place: "chat", permissionMode: "default" },
  ] as const)
    expect(launchOfKey(keyOfLaunch(launch))).toEqual(launch);
});
