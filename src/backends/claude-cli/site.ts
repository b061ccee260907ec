import * as v from "valibot";

import type { RunContext } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { Workspace } from "#core/workspace.ts";

/** What a process is started for: a bare model, or an agent in one directory, by the rules of one workspace. */
export type Site = "chat" | Omit<Workspace, "name">;

export function siteOf({ mode, workspace }: Pick<RunContext, "mode" | "workspace">): Site {
  if (mode === "chat") return mode;
  if (workspace === undefined) throw new GatewayError("internal", "An agent was not told where to work.");
  return workspace;
}

/** Equal for sites that a process may be exchanged between before it has been claimed. */
export function siteKey(site: Site): string {
  if (site === "chat") return site;
  const { directory, addDirs, mcpConfig, settingSources } = site;
  return JSON.stringify({ directory, addDirs, mcpConfig, settingSources } satisfies Site);
}

const texts = v.array(v.string());
const siteSchema = v.object({
  directory: v.optional(v.object({ path: v.string(), identity: v.string() })),
  addDirs: texts,
  mcpConfig: texts,
  settingSources: texts,
});

/** What `siteKey` has made the key of. */
export function siteOfKey(key: string): Site {
  if (key === "chat") return key;
  const { directory, ...rules } = v.parse(siteSchema, JSON.parse(key));
  return { directory, ...rules };
}
