import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { GatewayError } from "#core/errors.ts";
import type { WorkspaceDirectory } from "#core/workspace.ts";
import { directoryIdentity } from "#lib/directory-identity.ts";
import { isWithin } from "#lib/is-within.ts";

const param = "X-CCProxy-Workspace";

/**
 * The directory a client names by its path. Links are followed before anything is compared, and all that is not below
 * an allowed root gets one and the same answer, whether it is there or not. Throws GatewayError: `permission`, and
 * `not-found` for what is missing below a root.
 */
export async function openAllowedPath(path: string, roots: readonly string[]): Promise<WorkspaceDirectory> {
  const place = path.includes("\0") ? undefined : await follow(resolve(path));
  const allowed = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)));
  if (place === undefined || !allowed.some((root) => root !== undefined && isWithin(place.path, root)))
    throw new GatewayError("permission", "This server does not let clients work in that directory.", {
      param,
      hint: "workspaces.allow_paths in its configuration lists the directories below which they may name one.",
    });
  const identity = await directoryIdentity(place.path);
  // Once more: a link put in its place meanwhile would have given its own identity.
  const isStill = (await realpath(place.path).catch(() => undefined)) === place.path;
  if (identity === undefined || !isStill)
    throw new GatewayError("not-found", "There is no such directory.", { param, hint: "Create it, or name another." });
  return { path: place.path, identity };
}

interface Followed {
  readonly path: string;
  readonly exists: boolean;
}

/** Where the path really leads, also where its end is missing; undefined when that cannot be known. */
async function follow(path: string): Promise<Followed | undefined> {
  try {
    return { path: await realpath(path), exists: true };
  } catch (error) {
    if (!isMissing(error) || dirname(path) === path) return undefined;
  }
  const above = await follow(dirname(path));
  // A link whose target is missing would tell of a place that is not allowed.
  if (above === undefined || (above.exists && (await isThere(path)))) return undefined;
  return { path: join(above.path, basename(path)), exists: false };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: unknown) => !isMissing(error),
  );
}
