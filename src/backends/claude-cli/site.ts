import * as v from "valibot";

import type { RunContext } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { Workspace } from "#core/workspace.ts";

/** What a process is started for: a bare model, or an agent in one directory, by the rules of one workspace. */
export type Place = "chat" | Omit<Workspace, "name">;

export function placeOf({ mode, workspace }: Pick<RunContext, "mode" | "workspace">): Place {
  if (mode === "chat") return mode;
  if (workspace === undefined) throw new GatewayError("internal", "An agent was not told where to work.");
  return workspace;
}

/** Equal for places that a process may be exchanged between before it has been claimed. */
export function placeKey(place: Place): string {
  if (place === "chat") return place;
  const { directory, addDirs, mcpConfig, settingSources } = place;
  return JSON.stringify({ directory, addDirs, mcpConfig, settingSources } satisfies Place);
}

const texts = v.array(v.string());
const placeSchema = v.object({
  directory: v.optional(v.object({ path: v.string(), identity: v.string() })),
  addDirs: texts,
  mcpConfig: texts,
  settingSources: texts,
});

/** What `placeKey` has made the key of. */
export function placeOfKey(key: string): Place {
  if (key === "chat") return key;
  const { directory, ...rules } = v.parse(placeSchema, JSON.parse(key));
  return { directory, ...rules };
}
