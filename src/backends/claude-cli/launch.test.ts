import { expect, test } from "bun:test";

import { keyOfLaunch, launchOf, launchOfKey, permissionModeOf } from "./launch.ts";

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
    expect(launchOf({ mode: "agent", permissionMode }, configured).permissionMode).toBe(started);
    expect(permissionModeOf({ mode: "agent", permissionMode }, configured)).toBe(permissionMode ?? configured);
  },
);

test("a bare model is one kind whatever its alias permits", () => {
  const asked = { mode: "chat", permissionMode: "bypassPermissions" } as const;
  expect(launchOf(asked, "default")).toEqual({ mode: "chat", permissionMode: "default" });
});

test("the pool's name says what to start", () => {
  for (const mode of ["agent", "chat"] as const)
    expect(launchOfKey(keyOfLaunch({ mode, permissionMode: "dontAsk" }))).toEqual({ mode, permissionMode: "dontAsk" });
});
