/** What is made of something, made anew when that is not what it was. */
export function madeFrom<S, T>(source: () => S, make: (source: S) => T): () => T {
  let last: { readonly source: S; readonly made: T } | undefined;
  return () => {
    const now = source();
    if (last === undefined || (now !== last.source && !Bun.deepEquals(now, last.source)))
      last = { source: now, made: make(now) };
    return last.made;
  };
}
