/** `over`: its conversation cannot go on in it, or goes on elsewhere. The others would have had it kept for longer. */
export type EndReason = "over" | "age" | "number" | "memory";

interface LiveTableOptions<T extends Kept> {
  readonly maxSessions: number;
  readonly ttlMs: number;
  readonly discard: (session: T["session"], why: EndReason) => void;
  /** Asked before one more is kept; if not, the oldest has to go. */
  readonly hasRoom: () => boolean;
}

interface Kept {
  readonly session: { readonly usable: boolean };
}

interface Entry<T extends Kept> {
  readonly kept: T;
  readonly keys: readonly string[];
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * Processes by the conversation they hold, with what else is to be kept of it. One that is taken is out: two equal
 * requests never share it.
 */
export class LiveTable<T extends Kept> {
  readonly #options: LiveTableOptions<T>;
  readonly #byKey = new Map<string, Entry<T>>();
  /** Oldest first. */
  readonly #entries = new Set<Entry<T>>();

  constructor(options: LiveTableOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  take(key: string): T | undefined {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return undefined;
    this.#remove(entry);
    if (entry.kept.session.usable) return entry.kept;
    this.#options.discard(entry.kept.session, "over");
    return undefined;
  }

  /** `keys`: each spelling in which a client may send the conversation back. */
  put(keys: readonly string[], kept: T): void {
    const [oldest] = this.#entries;
    if (oldest !== undefined && !this.#options.hasRoom()) this.#evict(oldest, "memory");
    for (const key of keys) {
      const replaced = this.#byKey.get(key);
      if (replaced !== undefined) this.#evict(replaced, "over");
    }
    const timer = setTimeout(() => this.#evict(entry, "age"), this.#options.ttlMs);
    timer.unref();
    const entry: Entry<T> = { kept, keys, timer };
    this.#entries.add(entry);
    for (const key of keys) this.#byKey.set(key, entry);
    for (const surplus of this.#entries) {
      if (this.#entries.size <= this.#options.maxSessions) break;
      this.#evict(surplus, "number");
    }
  }

  /** Ends the one that is kept under this key, and gives it. */
  end(key: string): T | undefined {
    const entry = this.#byKey.get(key);
    if (entry !== undefined) this.#evict(entry, "over");
    return entry?.kept;
  }

  /** Ends all of which this is true; says how many there were. */
  endWhere(isMeant: (kept: T) => boolean): number {
    const meant = [...this.#entries].filter(({ kept }) => isMeant(kept));
    for (const entry of meant) this.#evict(entry, "over");
    return meant.length;
  }

  /** Ends them all. */
  clear(): void {
    this.endWhere(() => true);
  }

  #evict(entry: Entry<T>, why: EndReason): void {
    this.#remove(entry);
    this.#options.discard(entry.kept.session, why);
  }

  #remove(entry: Entry<T>): void {
    clearTimeout(entry.timer);
    this.#entries.delete(entry);
    for (const key of entry.keys) this.#byKey.delete(key);
  }
}
