export interface UnreadOptions {
  /** Fields that change nothing, whatever their value. */
  readonly harmless?: ReadonlySet<string>;
  /** Fields whose value, as this JSON, asks for nothing. */
  readonly defaults: ReadonlyMap<string, string>;
  /** Fields that ask for something even where nothing is in them. */
  readonly switches?: ReadonlySet<string>;
}

/** Finds the fields of an object that nobody reads and that ask for something; names them behind `prefix`. */
export type FindUnread = (fields: object, read: ReadonlySet<string>, prefix: string) => string[];

export function createFindUnread({ harmless, defaults, switches }: UnreadOptions): FindUnread {
  const asksForNothing = (field: string, value: unknown): boolean => {
    if (value === null || value === undefined || value === false) return true;
    if (typeof value === "object" && Object.keys(value).length === 0) return switches?.has(field) !== true;
    return defaults.has(field) && defaults.get(field) === JSON.stringify(value);
  };
  // It looks at every block of every message.
  return (fields, read, prefix) => {
    const found: string[] = [];
    for (const field in fields)
      if (!read.has(field) && harmless?.has(field) !== true && !asksForNothing(field, Reflect.get(fields, field)))
        found.push(prefix + field);
    return found;
  };
}

const mostNames = 40;
const longestName = 64;

/** Names fit for a header: a client chooses them, and must not make it endless. */
export function boundNames(names: ReadonlySet<string>): readonly string[] {
  return [...names].slice(0, mostNames).map((name) => name.slice(0, longestName));
}
