import type { RunContext } from "#core/backend.ts";

import { type Place, placeKey, placeOf, placeOfKey } from "./place.ts";

/** What a process is started as, for good. */
export interface Launch {
  readonly place: Place;
  readonly permissionMode: string;
}

/** What is needed of a process that is still nobody's. */
export interface Wanted {
  readonly place: Place;
  /** undefined: the configured one. */
  readonly permissionMode?: string | undefined;
}

export function wantedFor(context: RunContext): Wanted {
  return { place: placeOf(context), permissionMode: context.permissionMode };
}

const BYPASS = "bypassPermissions";

/**
 * A permission mode can be switched to later, but for the one: the CLI bypasses permissions only where it was started
 * so, and 2.1.197 that was started so writes files although it was switched to plan. Such processes are started apart.
 */
export function launchOf(wanted: Wanted, configured: string): Launch {
  const permissionMode = permissionModeOf(wanted, configured);
  const isApart = (permissionMode === BYPASS) !== (configured === BYPASS);
  return { place: wanted.place, permissionMode: isApart ? permissionMode : configured };
}

/** A bare model has no tools to permit. */
export function permissionModeOf({ place, permissionMode }: Wanted, configured: string): string {
  return place === "chat" ? configured : (permissionMode ?? configured);
}

/** The pool's name for processes that are all alike. */
export function keyOfLaunch({ place, permissionMode }: Launch): string {
  return `${permissionMode} ${placeKey(place)}`;
}

export function launchOfKey(key: string): Launch {
  const at = key.indexOf(" ");
  return { permissionMode: key.slice(0, at), place: placeOfKey(key.slice(at + 1)) };
}
