/** The object without its null and undefined properties: absent, as exact optional types want it. */
export function withoutNullish<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const present: { [K in keyof T]?: NonNullable<T[K]> } = {};
  for (const key in values) {
    const value = values[key];
    if (value !== null && value !== undefined) present[key] = value;
  }
  return present;
}
