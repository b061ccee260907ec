/**
 * Which directory an agent works in for a request. It knows the configured ones and which paths clients may name,
 * and neither how a request says what it wants nor what works there.
 */
import { realpath } from "node:fs/promises";
import { isAbsolute } from "node:path";

import { GatewayError } from "#core/errors.ts";
import type { Workspace, WorkspaceDirectory, WorkspaceRules } from "#core/workspace.ts";
import { directoryIdentity } from "#lib/directory-identity.ts";
import { nearest } from "#lib/nearest.ts";
import { describeValue } from "#lib/schema-problem.ts";

import { openAllowedPath } from "./allowed-path.ts";

/** The name of the one for requests that say nothing. */
export const defaultName = "default";
/** The name of a directory that is made for one request. */
export const ephemeralName = "ephemeral";

export interface WorkspaceSettings {
  /** By name, `default` and `ephemeral` among them. */
  readonly configured: ReadonlyMap<string, ConfiguredWorkspace>;
  /** Directories below which clients may name any other by its path. */
  readonly allowPaths: readonly string[];
  /** Of directories that clients name by a path. */
  readonly rulesOfPaths: WorkspaceRules;
}

export interface ConfiguredWorkspace extends WorkspaceRules {
  readonly name: string;
  /** undefined: one is made for the request. */
  readonly path: string | undefined;
}

/** Who may say where to work. */
export interface WorkspaceAsk {
  /** The client, for this request: a name, or an absolute path. */
  readonly asked?: string | undefined;
  /** The configuration, for the alias the client uses: a name. */
  readonly bound?: string | undefined;
}

export interface Workspaces {
  /** Throws GatewayError. */
  resolve(ask: WorkspaceAsk): Promise<Workspace>;
}

/**
 * The order: what the client asks for, what its alias is bound to, the configured default, where the server was told to
 * work (`serve --cwd`). The first that is set counts, and a failure there is an error: nothing falls through to the next.
 */
export function createWorkspaces({ configured, allowPaths, rulesOfPaths }: WorkspaceSettings): Workspaces {
  return {
    async resolve({ asked, bound }) {
      if (asked !== undefined && isPath(asked)) {
        if (!isAbsolute(asked)) throw notAbsolute(asked);
        return { name: asked, directory: await openAllowedPath(asked, allowPaths), ...rulesOfPaths };
      }
      const wanted = asked ?? bound ?? defaultName;
      const workspace = configured.get(wanted);
      if (workspace === undefined) throw unknownName(wanted, configured.keys());
      const { path, ...rest } = workspace;
      return { ...rest, directory: path === undefined ? undefined : await open(workspace.name, path) };
    },
  };
}

function isPath(text: string): boolean {
  return /[\\/]/.test(text);
}

/** Looked at anew for each request: a directory may be moved, or replaced, while the server runs. */
async function open(name: string, given: string): Promise<WorkspaceDirectory> {
  const path = await realpath(given).catch(() => given);
  const identity = await directoryIdentity(path);
  if (identity !== undefined) return { path, identity };
  throw new GatewayError("unavailable", `The directory of the workspace ${JSON.stringify(name)} is missing.`, {
    hint: "Create it, or correct its path in the configuration.",
  });
}

function notAbsolute(asked: string): GatewayError {
  return new GatewayError(
    "invalid-request",
    `A workspace is a configured name, or a path from the root; got ${describeValue(asked)}.`,
    { param: "X-CCProxy-Workspace" },
  );
}

function unknownName(name: string, known: Iterable<string>): GatewayError {
  const suggestion = nearest(name.slice(0, 100), known);
  return new GatewayError("not-found", `There is no workspace ${JSON.stringify(name.slice(0, 100))}.`, {
    param: "X-CCProxy-Workspace",
    hint: suggestion === undefined ? "workspaces in the configuration names them." : `Did you mean ${suggestion}?`,
  });
}
