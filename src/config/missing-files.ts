/** What settings name and the file system has not: found when a server starts, not when a request needs it. */
import { readFileSync, statSync } from "node:fs";

import type { LoadedConfig } from "./load.ts";
import { workspacesOf } from "./workspaces.ts";

/** One line for each. */
export function missingFiles({ config, sources }: LoadedConfig): readonly string[] {
  const named = (key: string): string => {
    const origin = sources.get(key);
    return origin?.kind === "flag" || origin?.kind === "environment" ? origin.name : `${origin?.name ?? ""}: ${key}`;
  };
  const problems = (key: string, values: readonly string[], problemOf: (value: string) => string | undefined) =>
    values.flatMap((value) => {
      const problem = problemOf(value);
      return problem === undefined ? [] : [`${named(key)}: ${problem}`];
    });
  const tables = [
    ["claude", config.claude],
    ["workspaces.ephemeral", config.workspaces.ephemeral],
    ...[...workspacesOf(config)].map(([name, workspace]) => [`workspaces.${name}`, workspace] as const),
  ] as const;
  return tables.flatMap(([table, settings]) => [
    ...problems(`${table}.add_dirs`, settings.add_dirs ?? [], directoryProblem),
    ...problems(`${table}.mcp_config`, settings.mcp_config ?? [], mcpProblem),
  ]);
}

function directoryProblem(path: string): string | undefined {
  return isDirectory(path) ? undefined : `there is no directory ${path}`;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Inline JSON may hold secrets, so it is not shown. */
function mcpProblem(value: string): string | undefined {
  if (value.trimStart().startsWith("{")) return isJson(value) ? undefined : "the inline JSON is not valid JSON";
  const text = read(value);
  if (text === undefined) return `the file ${value} cannot be read`;
  return isJson(text) ? undefined : `the file ${value} is not JSON`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
