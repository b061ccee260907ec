import type { Config } from "./schema.ts";

/** The workspaces the configuration names, without the settings of the same table that concern them all. */
export function workspacesOf({ workspaces }: Config): ReadonlyMap<string, Config["workspaces"][string]> {
  const { allow_paths: _paths, default: _default, ephemeral: _ephemeral, ...named } = workspaces;
  return new Map(Object.entries(named));
}
