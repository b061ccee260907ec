import fc from "fast-check";

/** The body with one of its values, at any depth, replaced by any JSON value or left out. */
export function brokenBodyOf(body: object): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...pathsIn(body)), fc.option(fc.jsonValue(), { nil: undefined }))
    .map(([path, value]) => replaceAt(body, path, value));
}

type Path = readonly string[];

function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))];
}

function replaceAt(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? replaceAt(item, rest, replacement) : item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === key ? replaceAt(inner, rest, replacement) : inner]),
  );
}
