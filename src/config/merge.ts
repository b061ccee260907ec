import { isRecord } from "#lib/is-record.ts";

/** Puts one tree of values over another: tables are merged, everything else, lists too, is replaced. */

/**
 * Names are copied as own properties, so `__proto__` is a name like any other here: it reaches no
 * prototype, and is still there to be refused.
 */
export function merge(
  below: Readonly<Record<string, unknown>>,
  above: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = new Map(Object.entries(below));
  for (const [name, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const under = merged.get(name);
    merged.set(name, isRecord(under) && isRecord(value) ? merge(under, value) : value);
  }
  return Object.fromEntries(merged);
}

/** The tree that holds one value: `nest(["server", "port"], 80)` is `{ server: { port: 80 } }`. */
export function nest(path: readonly string[], value: unknown): Record<string, unknown> {
  const [name = "", ...rest] = path;
  return { [name]: rest.length === 0 ? value : nest(rest, value) };
}

/** Dotted names and values of everything in the tree that is not itself a table. */
export function flatten(tree: Readonly<Record<string, unknown>>): [string, unknown][] {
  return flattenWithEmpty(tree).filter(([, value]) => !isRecord(value));
}

/** The same with empty tables: that there is one may be all that is to be said, as of `[providers.openai]`. */
export function flattenWithEmpty(
  tree: Readonly<Record<string, unknown>>,
  path: readonly string[] = [],
): [string, unknown][] {
  return Object.entries(tree).flatMap(([name, value]): [string, unknown][] =>
    isRecord(value) && Object.keys(value).length > 0
      ? flattenWithEmpty(value, [...path, name])
      : [[[...path, name].join("."), value]],
  );
}
