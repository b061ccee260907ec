/** The object without its null and undefined properties: absent, as exact optional types want it. */
export function withoutNullish<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const present = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  // fromEntries forgets the keys; the filter is what makes the type true.
  return Object.fromEntries(present) as { [K in keyof T]?: NonNullable<T[K]> };
}
