import type { Mode, RunSetup } from "#core/backend.ts";

/** What a process is started as, for good. */
export interface Launch {
  readonly mode: Mode;
  readonly permissionMode: string;
}

/** What is needed of a process that is still nobody's. */
export type Wanted = Pick<RunSetup, "mode" | "permissionMode">;

const BYPASS = "bypassPermissions";

/**
 * A permission mode can be switched to later, but for the one: the CLI bypasses permissions only where it was started
 * so, and 2.1.197 that was started so writes files although it was switched to plan. Such processes are started apart.
 */
export function launchOf(wanted: Wanted, configured: string): Launch {
  const permissionMode = permissionModeOf(wanted, configured);
  const isApart = (permissionMode === BYPASS) !== (configured === BYPASS);
  return { mode: wanted.mode, permissionMode: isApart ? permissionMode : configured };
}

/** A bare model has no tools to permit. */
export function permissionModeOf({ mode, permissionMode }: Wanted, configured: string): string {
  return mode === "chat" ? configured : (permissionMode ?? configured);
}

/** The pool's name for processes that are all alike. */
export function keyOfLaunch({ mode, permissionMode }: Launch): string {
  return `${mode} ${permissionMode}`;
}

export function launchOfKey(key: string): Launch {
  const [mode = "", permissionMode = ""] = key.split(" ");
  return { mode: mode === "chat" ? "chat" : "agent", permissionMode };
}
