/**
 * Which directory an agent works in for a request. It knows the configured places and which paths clients may name,
 * and neither how a request says what it wants nor what works there.
 */
import { realpath } from "node:fs/promises";
import { isAbsolute } from "node:path";

import { GatewayError } from "#core/errors.ts";
import type { Workspace, WorkspaceDirectory, WorkspaceRules } from "#core/workspace.ts";
import { directoryIdentity } from "#lib/directory-identity.ts";
import { nearest } from "#lib/nearest.ts";

import { openAllowedPath } from "./allowed-path.ts";

/** The name of the place for requests that say nothing. */
export const defaultName = "default";
/** The name of a directory that is made for one request. */
export const ephemeralName = "ephemeral";

export interface WorkspaceSettings {
  /** By name, `default` and `ephemeral` among them. */
  readonly places: ReadonlyMap<string, ConfiguredWorkspace>;
  /** Directories below which clients may name any other by its path. */
  readonly allowPaths: readonly string[];
  /** Of places that clients name by a path. */
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
export function createWorkspaces({ places, allowPaths, rulesOfPaths }: WorkspaceSettings): Workspaces {
  return {
    async resolve({ asked, bound }) {
      if (asked !== undefined && isPath(asked)) {
        if (!isAbsolute(asked)) throw notAbsolute();
        return { name: asked, directory: await openAllowedPath(asked, allowPaths), ...rulesOfPaths };
      }
      const wanted = asked ?? bound ?? defaultName;
      const place = places.get(wanted);
      if (place === undefined) throw unknownName(wanted, places.keys());
      const { path, ...rest } = place;
      return { ...rest, directory: path === undefined ? undefined : await open(place.name, path) };
    },
  };
}

function isPath(text: string): boolean {
  return /[\\/]/.test(text);
}

/** Looked at anew for each request: a directory may be moved, or replaced, while the server runs. */
async function open(name: string, configured: string): Promise<WorkspaceDirectory> {
  const path = await realpath(configured).catch(() => configured);
  const identity = await directoryIdentity(path);
  if (identity !== undefined) return { path, identity };
  throw new GatewayError("unavailable", `The directory of the workspace ${JSON.stringify(name)} is missing.`, {
    hint: "Create it, or correct its path in the configuration.",
  });
}

function notAbsolute(): GatewayError {
  return new GatewayError("invalid-request", "A workspace is a configured name, or a path from the root.", {
    param: "X-CCProxy-Workspace",
  });
}

function unknownName(name: string, known: Iterable<string>): GatewayError {
  const suggestion = nearest(name.slice(0, 100), known);
  return new GatewayError("not-found", `There is no workspace ${JSON.stringify(name.slice(0, 100))}.`, {
    param: "X-CCProxy-Workspace",
    hint: suggestion === undefined ? "workspaces in the configuration names them." : `Did you mean ${suggestion}?`,
  });
}
