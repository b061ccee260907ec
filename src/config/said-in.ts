/** Of what only the whole configuration shows to be wrong: the file that it stands in. */
import { isRecord } from "#lib/is-record.ts";

import type { Layer } from "./layer.ts";

/** The problem begins with the name of a setting; the file is the strongest of those that say most of it. */
export function withFile(problem: string, layers: readonly Layer[]): string {
  const [said] = layers
    .map(({ values, file }) => ({ file, depth: depthIn(values, problem) }))
    .filter(({ depth }) => depth > 0)
    .toReversed()
    .toSorted((one, other) => other.depth - one.depth);
  return said?.file === undefined ? problem : `${said.file}: ${problem}`;
}

/** How many names of the setting's there are. A name of one's own may have dots in it. */
function depthIn(value: unknown, text: string): number {
  if (!isRecord(value)) return 0;
  const found = Object.entries(value).filter(
    ([name]) => text.startsWith(name) && !/^[\w-]/.test(text.slice(name.length)),
  );
  return Math.max(0, ...found.map(([name, below]) => 1 + depthIn(below, text.slice(name.length + 1))));
}
