import type { LineCounter } from "./session.ts";

/** Counts of everything this backend did; its owner adds, `stats()` reads. */
export interface Counters extends LineCounter {
  poolHits: number;
  poolMisses: number;
  liveHits: number;
  spawned: number;
  rehearsed: number;
  discarded: number;
  garbageLines: number;
  /** Of the CLI, once it has said it. */
  version: string | undefined;
  readonly unknownLines: ReadonlyMap<string, number>;
}

export function createCounters(onFirst: (name: string) => void): Counters {
  const unknownLines = new Map<string, number>();
  const counters: Counters = {
    poolHits: 0,
    poolMisses: 0,
    liveHits: 0,
    spawned: 0,
    rehearsed: 0,
    discarded: 0,
    garbageLines: 0,
    version: undefined,
    unknownLines,
    unknown(name) {
      const before = unknownLines.get(name) ?? 0;
      unknownLines.set(name, before + 1);
      if (before === 0) onFirst(name);
    },
    garbage() {
      counters.garbageLines += 1;
    },
  };
  return counters;
}
