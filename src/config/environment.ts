/** Settings from variables: `CCPROXY__SECTION__KEY`, and the names other Claude proxies use. */
import { compatibleNames } from "./compatibility.ts";
import type { Layer, LayerKind } from "./layer.ts";
import { merge, nest } from "./merge.ts";
import { coerce, lookUp } from "./setting.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

interface Found {
  readonly name: string;
  readonly path: readonly string[];
  readonly text: string;
}

const prefix = "CCPROXY__";

/** An empty compatible variable counts as unset; an empty variable of ours is a value. */
export function environmentLayer(
  variables: Variables,
  kind: LayerKind & ("environment" | "env-file"),
  file?: string,
): Layer {
  const names = new Map<string, string>();
  let values: Record<string, unknown> = {};
  for (const { name, path, text } of [...compatibleVariables(variables), ...ownVariables(variables)]) {
    names.set(path.join("."), name);
    const setting = lookUp(path);
    values = merge(values, nest(path, setting.found ? coerce(setting.schema, text) : text));
  }
  return {
    kind,
    values,
    spell: (key) => names.get(key) ?? variableFor(key),
    ...(file !== undefined && { file }),
  };
}

/** The variable of a setting: `server.port` is `CCPROXY__SERVER__PORT`. */
function variableFor(key: string): string {
  return prefix + key.split(".").join("__").toUpperCase();
}

function compatibleVariables(variables: Variables): Found[] {
  return compatibleNames.flatMap(({ name, key, read }) => {
    const text = variables[name];
    if (text === undefined || text.trim() === "") return [];
    const value = read === undefined ? text : read(text);
    return value === undefined ? [] : [{ name, path: key.split("."), text: value }];
  });
}

/** Any case is understood; where one name is set in several, the upper-case one comes last and wins. */
function ownVariables(variables: Variables): Found[] {
  return Object.keys(variables)
    .filter((name) => name.toUpperCase().startsWith(prefix))
    .toSorted((a, b) => (a < b ? 1 : -1))
    .flatMap((name) => {
      const text = variables[name];
      return text === undefined ? [] : [{ name, path: pathOf(name), text }];
    });
}

/** `CCPROXY____PROTO__` would split into nothing but empty names; keep such a rest whole so that it is refused as it is. */
function pathOf(name: string): readonly string[] {
  const rest = name.slice(prefix.length).toLowerCase();
  const path = rest.split("__");
  return path.includes("") ? [rest] : path;
}
