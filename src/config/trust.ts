/**
 * What a project's own file may decide. It comes with whatever was cloned, so it may tune but not
 * set what runs code, opens files, opens the port, or moves credentials; those need the user's word:
 * `trust.folders` in the user's configuration, or `--config` with the file's name.
 */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";

import { isRecord } from "#lib/is-record.ts";
import { isWithin } from "#lib/is-within.ts";

import { type Layer, nameOf } from "./layer.ts";
import { flatten, flattenWithEmpty } from "./merge.ts";
import { isTable, lookUp } from "./setting.ts";

/** Settings any project may set, some only to values that loosen nothing. Whatever is not here needs trust. */
const harmless: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ...[
    "server.port",
    "server.max_body_mb",
    "server.heartbeat_seconds",
    "server.drain_seconds",
    "claude.mode",
    "claude.model",
    "claude.verbosity",
    "claude.max_turns",
    "claude.append_system_prompt",
    "claude.request_timeout_seconds",
    "claude.idle_timeout_seconds",
    "approvals.timeout_seconds",
    "pool.size",
    "pool.max_age_minutes",
    "pool.max_turns",
    "pool.max_sessions",
    "pool.max_parked_turns",
    "pool.parked_ttl_minutes",
    "pool.session_ttl_minutes",
    "sessions.match_history",
    "sessions.wait_seconds",
    "sessions.max_waiting",
    "limits.max_running",
    "limits.max_waiting",
    "limits.max_upstream",
    "limits.queue_timeout_seconds",
    "limits.min_free_memory_mb",
    "idempotency.window_minutes",
    "idempotency.linger_seconds",
    "idempotency.max_answers",
    "idempotency.max_mb",
    "log.level",
    "log.format",
  ].map((key): [string, (value: unknown) => boolean] => [key, () => true]),
  ["server.host", (value) => ["127.0.0.1", "::1", "localhost"].includes(String(value))],
  ["claude.permission_mode", loosensNothing],
]);

function loosensNothing(permissionMode: unknown): boolean {
  return ["default", "plan", "dontAsk"].includes(String(permissionMode));
}

/** Names of models are the project's to give, but not where an agent called by one works, or what it may do. */
function isHarmless(key: string, value: unknown): boolean {
  if (key.startsWith("aliases.") && key.endsWith(".workspace")) return false;
  if (key.startsWith("aliases.")) return !key.endsWith(".permission_mode") || loosensNothing(value);
  return /^model(?:_version)?s\./.test(key) || harmless.get(key)?.(value) === true;
}

/** One line for each setting the project file may not make; none when its folder is trusted. */
export function refusalsOf(project: Layer, trustedFolders: readonly string[], userFile: string): readonly string[] {
  const { file } = project;
  if (file === undefined) return [];
  if (isTrusted(dirname(file), trustedFolders)) return selfTrustOf(project, userFile);
  const fix = `add ${JSON.stringify(dirname(file))} to trust.folders in ${userFile}, or start with --config ${file}`;
  return flattenWithEmpty(project.values)
    .filter(([key, value]) => isSetting(key) && !isHarmless(key, value))
    .map(([key]) => `${nameOf(project, key)} may not be set by a project file; to allow it ${fix}`);
}

/** Anything else is refused for what it is, wherever it stands. */
function isSetting(key: string): boolean {
  // Names of one's own may have dots in them, and cannot be told from their tables then.
  if (/^(?:aliases|workspaces|providers|routing|prices|server\.tokens)\./.test(key)) return true;
  const found = lookUp(key.split("."));
  return found.found && !isTable(found.schema);
}

/** That the hooks of a directory may run is never for a file to say that lies in one, however trusted. */
function selfTrustOf(project: Layer, userFile: string): readonly string[] {
  return flatten(project.values)
    .filter(([key]) => key.startsWith("workspaces.") && key.endsWith(".trusted"))
    .map(([key]) => `${nameOf(project, key)} may not be set by a project file; set it in ${userFile}`);
}

/** The folders the layers name; the last one that names any counts. */
export function trustedFoldersOf(layers: readonly Layer[]): readonly string[] {
  const lists = layers
    .map(({ values }) => values["trust"])
    .map((trust) => (isRecord(trust) ? trust["folders"] : undefined));
  const list = lists.findLast((folders) => Array.isArray(folders));
  return Array.isArray(list) ? list.filter((folder) => typeof folder === "string") : [];
}

/** Compared by real path: a link inside a trusted folder that leads out of it is not trusted. */
function isTrusted(folder: string, trustedFolders: readonly string[]): boolean {
  const real = realPath(folder);
  return trustedFolders.some((trusted) => isWithin(real, realPath(trusted)));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
