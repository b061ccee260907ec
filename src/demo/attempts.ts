/** Counts how often the same point of the same conversation has been asked, for faults with `times=N`. */
export interface Attempts {
  /** 1 for the first time. */
  next(key: string): number;
  reset(): void;
}

const keptKeys = 2000;

export function createAttempts(): Attempts {
  const seen = new Map<string, number>();
  return {
    next: (key) => {
      const attempt = (seen.get(key) ?? 0) + 1;
      seen.delete(key);
      seen.set(key, attempt);
      const oldest = seen.keys().next();
      if (seen.size > keptKeys && oldest.done !== true) seen.delete(oldest.value);
      return attempt;
    },
    reset: () => seen.clear(),
  };
}
