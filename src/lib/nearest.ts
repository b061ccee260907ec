/** The candidate a mistyped word most likely meant, or undefined when none is close. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  return nearestFew(word, candidates, 1)[0];
}

/**
 * Up to `most` candidates a mistyped word may have meant, the likeliest first. Distance counts insertions,
 * deletions, replacements and swaps of neighbours; case does not matter.
 */
export function nearestFew(word: string, candidates: Iterable<string>, most: number): readonly string[] {
  const wanted = word.toLowerCase();
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, distance: distanceWithin(wanted, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance !== Number.POSITIVE_INFINITY)
    .toSorted((one, other) => one.distance - other.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** Infinite for what is not close. */
function distanceWithin(word: string, known: string): number {
  const limit = Math.max(1, Math.floor(Math.max(word.length, known.length) / 3));
  if (isCloseStart(word, known)) return Math.min(limit, editDistance(word, known));
  // The word may be as long as whoever sends it likes, and comparing takes the product of the lengths.
  if (Math.abs(word.length - known.length) > limit) return Number.POSITIVE_INFINITY;
  const distance = editDistance(word, known);
  return distance <= limit ? distance : Number.POSITIVE_INFINITY;
}

/** A word cut short (`conf` for `config`) is close however long the rest is. */
function isCloseStart(word: string, known: string): boolean {
  return word.length >= 3 && known.startsWith(word);
}

function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(
        Math.min(
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (previous[column - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (beforePrevious[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length] ?? 0;
}
