import type { CliSession } from "./session.ts";

interface LiveTableOptions {
  readonly maxSessions: number;
  readonly ttlMs: number;
  readonly discard: (session: CliSession) => void;
}

interface Entry {
  readonly session: CliSession;
  readonly keys: readonly string[];
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Idle processes by the conversation they hold. One that is taken is out: two equal requests never share it. */
export class LiveTable {
  readonly #options: LiveTableOptions;
  readonly #byKey = new Map<string, Entry>();
  /** Oldest first. */
  readonly #entries = new Set<Entry>();

  constructor(options: LiveTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  take(key: string): CliSession | undefined {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return undefined;
    this.#remove(entry);
    if (entry.session.usable) return entry.session;
    this.#options.discard(entry.session);
    return undefined;
  }

  /** `keys`: each spelling in which a client may send the conversation back. */
  put(keys: readonly string[], session: CliSession): void {
    for (const key of keys) {
      const replaced = this.#byKey.get(key);
      if (replaced !== undefined) this.#evict(replaced);
    }
    const timer = setTimeout(() => this.#evict(entry), this.#options.ttlMs);
    timer.unref();
    const entry: Entry = { session, keys, timer };
    this.#entries.add(entry);
    for (const key of keys) this.#byKey.set(key, entry);
    for (const oldest of this.#entries) {
      if (this.#entries.size <= this.#options.maxSessions) break;
      this.#evict(oldest);
    }
  }

  /** Ends them all. */
  clear(): void {
    for (const entry of this.#entries) this.#evict(entry);
  }

  #evict(entry: Entry): void {
    this.#remove(entry);
    this.#options.discard(entry.session);
  }

  #remove(entry: Entry): void {
    clearTimeout(entry.timer);
    this.#entries.delete(entry);
    for (const key of entry.keys) this.#byKey.delete(key);
  }
}
