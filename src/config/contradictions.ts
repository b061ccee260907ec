/** What no single setting can say: whether those that speak of each other agree. */
import { nearest } from "#lib/nearest.ts";

import { tokenProblems } from "./access-tokens.ts";
import { providerProblems } from "./providers.ts";
import type { Config } from "./schema.ts";
import { workspacesOf } from "./workspaces.ts";

/** One line for each contradiction. */
export function contradictionsOf(config: Config): readonly string[] {
  const named = workspacesOf(config);
  const known = ["default", "ephemeral", ...named.keys()];
  const missing = (key: string, name: string | undefined): readonly string[] => {
    if (name === undefined || known.includes(name)) return [];
    const suggestion = nearest(name, known);
    const hint = suggestion === undefined ? "" : `; did you mean ${suggestion}?`;
    return [`${key} names ${JSON.stringify(name)}, which is no workspace${hint}`];
  };
  return [
    ...Array.from(named, ([name, workspace]) => problemsOf(name, workspace)).flat(),
    ...missing("workspaces.default", config.workspaces.default),
    ...Object.entries(config.aliases).flatMap(([alias, { workspace }]) =>
      missing(`aliases.${alias}.workspace`, workspace),
    ),
    ...tokenProblems(config),
    ...providerProblems(config),
    ...priceProblems(config),
  ];
}

function priceProblems({ prices }: Config): readonly string[] {
  return Object.entries(prices).flatMap(([model, { above = {} }]) =>
    Object.keys(above)
      .filter((tokens) => !/^[1-9][\d_]{0,14}$/.test(tokens))
      .map(
        (tokens) =>
          `prices.${model}.above.${tokens} must be called by a number of input tokens, as in prices.${model}.above.200000`,
      ),
  );
}

type Workspace = Config["workspaces"][string];

function problemsOf(name: string, { path, setting_sources: sources = [], trusted }: Workspace): readonly string[] {
  const key = `workspaces.${name}`;
  const own = sources.filter((source) => source !== "user");
  return [
    ...(/^[\w-]+$/.test(name) ? [] : [`${key}: a name is made of letters, digits, dashes and underscores`]),
    ...(path === undefined ? [`${key} has no path`] : []),
    ...(own.length > 0 && !trusted
      ? [`${key}.setting_sources names ${own.join(" and ")}, which may run code; ${key}.trusted = true allows it`]
      : []),
  ];
}
