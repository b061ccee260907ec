/** Where ccproxy's own files live on each platform, and how a path in a setting is read. */
import { chmodSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve, sep } from "node:path";

import { isRecord } from "#lib/is-record.ts";

import type { Config } from "./schema.ts";

export interface PlaceOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
}

/** The folder of the user's own configuration file. */
export function configDirectory({ environment, platform = process.platform }: PlaceOptions): string {
  if (isSetPath(environment["XDG_CONFIG_HOME"])) return join(environment["XDG_CONFIG_HOME"], "ccproxy");
  if (platform === "win32" && isSetPath(environment["APPDATA"])) return join(environment["APPDATA"], "ccproxy");
  return join(homeOf(environment), ".config", "ccproxy");
}

/** The folder of the access log and the process records, unless `state_dir` names another. */
export function stateDirectory(
  config: Pick<Config, "state_dir">,
  { environment, platform = process.platform }: PlaceOptions,
): string {
  if (config.state_dir !== undefined) return config.state_dir;
  if (isSetPath(environment["XDG_STATE_HOME"])) return join(environment["XDG_STATE_HOME"], "ccproxy");
  const home = homeOf(environment);
  if (platform === "darwin") return join(home, "Library", "Application Support", "ccproxy");
  if (platform === "win32")
    return isSetPath(environment["LOCALAPPDATA"])
      ? join(environment["LOCALAPPDATA"], "ccproxy")
      : join(home, "AppData", "Local", "ccproxy");
  return join(home, ".local", "state", "ccproxy");
}

/** Makes the directory readable by its owner alone. Throws what the file system throws. */
export function openStateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // An existing directory keeps its mode in mkdir, and it may be one that everybody can list.
  chmodSync(directory, 0o700);
}

/** An absolute path; `~/` is the home directory, anything relative is seen from `base`. */
export function resolvePath(path: string, base: string, environment: PlaceOptions["environment"]): string {
  if (path === "~") return homeOf(environment);
  if (path.startsWith("~/") || path.startsWith(`~${sep}`)) return join(homeOf(environment), path.slice(2));
  return resolve(base, path);
}

/** Settings whose texts are paths, seen from the file (or the directory) they were written in; `*` is any name. */
const pathSettings = [
  "claude.path",
  "claude.cwd",
  "claude.add_dirs",
  "claude.mcp_config",
  "codex.path",
  "codex.home",
  "log.file",
  "state_dir",
  "prices_file",
  "trust.folders",
  "workspaces.allow_paths",
  "workspaces.*.path",
  "workspaces.*.add_dirs",
  "workspaces.*.mcp_config",
  "providers.*.ca_file",
  "providers.*.credentials.*.file",
].map((name) => name.split("."));

export function resolvePaths(
  values: Readonly<Record<string, unknown>>,
  base: string,
  environment: PlaceOptions["environment"],
): Record<string, unknown> {
  return pathSettings.reduce<Record<string, unknown>>((tree, path) => {
    const resolveText = (text: unknown): unknown =>
      typeof text === "string" && isPath(path, text) ? resolvePath(text, base, environment) : text;
    return changeIn(tree, path, resolveText);
  }, values);
}

function changeIn(
  table: Readonly<Record<string, unknown>>,
  [name = "", ...rest]: readonly string[],
  change: (text: unknown) => unknown,
): Record<string, unknown> {
  const changed = Object.keys(table)
    .filter((key) => name === "*" || name === key)
    .map((key): [string, unknown] => {
      const value = table[key];
      if (rest.length > 0) return [key, isRecord(value) ? changeIn(value, rest, change) : value];
      return [key, Array.isArray(value) ? value.map(change) : change(value)];
    });
  return { ...table, ...Object.fromEntries(changed) };
}

/** A program's name without a slash is looked up in PATH, and an MCP configuration may be inline JSON. */
function isPath(setting: readonly string[], value: string): boolean {
  if (value === "") return false;
  if (/^(?:claude|codex)\.path$/.test(setting.join("."))) return /[\\/]/.test(value);
  return setting.at(-1) !== "mcp_config" || !value.trimStart().startsWith("{");
}

/** XDG: a path that is not absolute is to be ignored. */
function isSetPath(path: string | undefined): path is string {
  return path !== undefined && path !== "" && isAbsolute(path);
}

function homeOf(environment: PlaceOptions["environment"]): string {
  const home = environment["HOME"];
  return isSetPath(home) ? home : homedir();
}
