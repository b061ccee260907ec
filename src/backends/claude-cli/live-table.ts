import type { CliSession } from "./session.ts";

interface LiveTableOptions {
  readonly maxSessions: number;
  readonly ttlMs: number;
  readonly discard: (session: CliSession) => void;
}

interface Entry {
  readonly session: CliSession;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Idle processes by the conversation they hold. One that is taken is out: two equal requests never share it. */
export class LiveTable {
  readonly #options: LiveTableOptions;
  /** Oldest first. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: LiveTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  take(key: string): CliSession | undefined {
    const session = this.#remove(key);
    if (session === undefined || session.usable) return session;
    this.#options.discard(session);
    return undefined;
  }

  put(key: string, session: CliSession): void {
    const replaced = this.#remove(key);
    if (replaced !== undefined) this.#options.discard(replaced);
    const timer = setTimeout(() => this.#evict(key), this.#options.ttlMs);
    timer.unref();
    this.#entries.set(key, { session, timer });
    while (this.#entries.size > this.#options.maxSessions) {
      const [oldest] = this.#entries.keys();
      if (oldest === undefined) return;
      this.#evict(oldest);
    }
  }

  /** Ends them all. */
  clear(): void {
    for (const key of this.#entries.keys()) this.#evict(key);
  }

  #evict(key: string): void {
    const session = this.#remove(key);
    if (session !== undefined) this.#options.discard(session);
  }

  #remove(key: string): CliSession | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    clearTimeout(entry.timer);
    this.#entries.delete(key);
    return entry.session;
  }
}
