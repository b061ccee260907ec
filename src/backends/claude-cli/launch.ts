import type { RunContext } from "#core/backend.ts";

import { type Site, siteKey, siteOf, siteOfKey } from "./site.ts";

/** What a process is started as, for good. */
export interface Launch {
  readonly site: Site;
  readonly permissionMode: string;
  /** The CLI writes the conversation down, for a later process to resume. */
  readonly kept?: boolean;
  readonly resumed?: ResumePoint;
}

/** Where in which of the CLI's own sessions a process goes on. */
export interface ResumePoint {
  readonly sessionId: string;
  /** The CLI's id of the answer it goes on after; whatever was said later is left out. */
  readonly answerId: string;
}

/** What is needed of a process that is still nobody's. */
export interface Wanted {
  readonly site: Site;
  /** undefined: the configured one. */
  readonly permissionMode?: string | undefined;
  readonly kept?: boolean;
}

/** An agent's named session is to outlive its process, but for one whose directory does not. */
export function wantedFor(context: RunContext): Wanted {
  const site = siteOf(context);
  const kept = site !== "chat" && site.directory !== undefined && context.session?.named === true;
  return { site, permissionMode: context.permissionMode, kept };
}

const BYPASS = "bypassPermissions";

/**
 * A permission mode can be switched to later, but for the one: the CLI bypasses permissions only where it was started
 * so, and 2.1.197 that was started so writes files although it was switched to plan. Such processes are started apart.
 */
export function launchOf(wanted: Wanted, configured: string): Launch {
  const permissionMode = permissionModeOf(wanted, configured);
  const isApart = (permissionMode === BYPASS) !== (configured === BYPASS);
  const { site, kept = false } = wanted;
  return { site, permissionMode: isApart ? permissionMode : configured, ...(kept && { kept }) };
}

/** A bare model has no tools to permit. */
export function permissionModeOf({ site, permissionMode }: Wanted, configured: string): string {
  return site === "chat" ? configured : (permissionMode ?? configured);
}

/** The pool's name for processes that are all alike. */
export function keyOfLaunch({ site, permissionMode, kept = false }: Launch): string {
  return `${permissionMode} ${kept ? "kept" : "passing"} ${siteKey(site)}`;
}

export function launchOfKey(key: string): Launch {
  const [permissionMode = "", kept = ""] = key.split(" ", 2);
  const site = siteOfKey(key.slice(permissionMode.length + kept.length + 2));
  return { permissionMode, site, ...(kept === "kept" && { kept: true }) };
}
