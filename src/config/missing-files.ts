/** What settings name and the file system has not: found when a server starts, not when a request needs it. */
import { readFileSync, statSync } from "node:fs";

import type { LoadedConfig } from "./load.ts";

/** One line for each. */
export function missingFiles({ config: { claude }, sources }: LoadedConfig): readonly string[] {
  const named = (key: string): string => {
    const origin = sources.get(key);
    return origin?.kind === "flag" || origin?.kind === "environment" ? origin.name : `${origin?.name ?? ""}: ${key}`;
  };
  const problems = (key: string, values: readonly string[], problemOf: (value: string) => string | undefined) =>
    values.flatMap((value) => {
      const problem = problemOf(value);
      return problem === undefined ? [] : [`${named(key)}: ${problem}`];
    });
  return [
    ...problems("claude.add_dirs", claude.add_dirs, directoryProblem),
    ...problems("claude.mcp_config", claude.mcp_config, mcpProblem),
  ];
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
