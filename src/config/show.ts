/** The configuration in force as rows for a person or a program, without its secrets. */
import type { LoadedConfig, Origin } from "./load.ts";
import { flatten } from "./merge.ts";
import { isSecret } from "./schema.ts";
import { allSettings, isTable, lookUp } from "./setting.ts";

export interface ShownSetting {
  readonly key: string;
  /** Undefined when the setting has no value. */
  readonly value: unknown;
  readonly source: Origin;
}

const hidden = "[set, not shown]";

/** Every setting, also those that are not set, in the order of the schema. */
export function showSettings({ config, sources }: LoadedConfig): readonly ShownSetting[] {
  const values = new Map(flatten(config));
  const below = (table: string) => [...values.keys()].filter((key) => key.startsWith(`${table}.`));
  return allSettings()
    .flatMap((key) => (isNamedFreely(key) ? below(key) : [key]))
    .map((key) => ({
      key,
      value: withoutSecrets(key, values.get(key)),
      source: sources.get(key) ?? { kind: "default", name: "" },
    }));
}

/** A table whose names are the user's own, each of which is a setting. */
function isNamedFreely(key: string): boolean {
  const found = lookUp(key.split("."));
  return found.found && isTable(found.schema);
}

function withoutSecrets(key: string, value: unknown): unknown {
  if (isSecret(key)) return value === undefined ? undefined : hidden;
  // Inline MCP configurations carry the headers and variables of their servers.
  if (key === "claude.mcp_config" && Array.isArray(value))
    return value.map((item) => (String(item).trimStart().startsWith("{") ? hidden : String(item)));
  return value;
}
