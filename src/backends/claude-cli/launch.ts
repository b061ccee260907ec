import type { RunContext } from "#core/backend.ts";

import { type Place, placeKey, placeOf, placeOfKey } from "./place.ts";

/** What a process is started as, for good. */
export interface Launch {
  readonly place: Place;
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
  readonly place: Place;
  /** undefined: the configured one. */
  readonly permissionMode?: string | undefined;
  readonly kept?: boolean;
}

/** An agent's named session is to outlive its process, but for one whose directory does not. */
export function wantedFor(context: RunContext): Wanted {
  const place = placeOf(context);
  const kept = place !== "chat" && place.directory !== undefined && context.session?.named === true;
  return { place, permissionMode: context.permissionMode, kept };
}

const BYPASS = "bypassPermissions";

/**
 * A permission mode can be switched to later, but for the one: the CLI bypasses permissions only where it was started
 * so, and 2.1.197 that was started so writes files although it was switched to plan. Such processes are started apart.
 */
export function launchOf(wanted: Wanted, configured: string): Launch {
  const permissionMode = permissionModeOf(wanted, configured);
  const isApart = (permissionMode === BYPASS) !== (configured === BYPASS);
  const { place, kept = false } = wanted;
  return { place, permissionMode: isApart ? permissionMode : configured, ...(kept && { kept }) };
}

/** A bare model has no tools to permit. */
export function permissionModeOf({ place, permissionMode }: Wanted, configured: string): string {
  return place === "chat" ? configured : (permissionMode ?? configured);
}

/** The pool's name for processes that are all alike. */
export function keyOfLaunch({ place, permissionMode, kept = false }: Launch): string {
  return `${permissionMode} ${kept ? "kept" : "passing"} ${placeKey(place)}`;
}

export function launchOfKey(key: string): Launch {
  const [permissionMode = "", kept = ""] = key.split(" ", 2);
  const place = placeOfKey(key.slice(permissionMode.length + kept.length + 2));
  return { permissionMode, place, ...(kept === "kept" && { kept: true }) };
}
