import { resolve } from "node:path";

import type { Config } from "#config/schema.ts";
import { workspacesOf } from "#config/workspaces.ts";
import type { WorkspaceRules } from "#core/workspace.ts";
import {
  createWorkspaces,
  defaultName,
  ephemeralName,
  type ConfiguredWorkspace,
  type Workspaces,
} from "#workspaces/workspaces.ts";

/** Those of the configuration; `cwd`: where ccproxy was started. */
export function openWorkspaces(config: Config, cwd: string): Workspaces {
  const { workspaces, claude } = config;
  const own = rulesOf(config, {});
  const named = Array.from(workspacesOf(config), ([name, { path, trusted, setting_sources: sources, ...rules }]) => ({
    name,
    path,
    ...rulesOf(config, rules),
    settingSources: trusted ? (sources ?? ["user", "project", "local"]) : (sources ?? own.settingSources),
  }));
  const ephemeral = { name: ephemeralName, path: undefined, ...rulesOf(config, workspaces.ephemeral) };
  // Claude Code's settings of this one are what claude.setting_sources was written for.
  const standing = {
    name: defaultName,
    path: resolve(cwd, claude.cwd ?? "."),
    ...own,
    settingSources: claude.setting_sources,
  };
  const configured = new Map<string, ConfiguredWorkspace>(
    [standing, ephemeral, ...named].map((workspace) => [workspace.name, workspace]),
  );
  const chosen = configured.get(workspaces.default ?? defaultName);
  if (chosen !== undefined) configured.set(defaultName, chosen);
  return createWorkspaces({ configured, allowPaths: workspaces.allow_paths, rulesOfPaths: own });
}

type Rules = Config["workspaces"]["ephemeral"];

/** Of one that is not trusted: what lies in it is data. */
function rulesOf({ claude }: Config, { add_dirs: addDirs, mcp_config: mcpConfig }: Rules): WorkspaceRules {
  return {
    addDirs: addDirs ?? claude.add_dirs,
    mcpConfig: mcpConfig ?? claude.mcp_config,
    settingSources: claude.setting_sources.filter((source) => source === "user"),
  };
}
