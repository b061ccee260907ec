import { planSpares } from "./pool-plan.ts";

export interface Parked<T> {
  readonly resource: T;
  readonly expiresAt: number;
}

export interface Start {
  readonly controller: AbortController;
  /** A caller waited for it when it began. */
  readonly foreground: boolean;
}

export interface KeyState<T> {
  usedAt: number;
  /** Oldest first. */
  readonly idle: Parked<T>[];
  readonly starting: Set<Start>;
  /** Callers that wait for the key. */
  waiting: number;
  /** Starts that failed and spares that died, in a row. */
  failures: number;
  retryAt: number;
}

/** What the pool holds for each key, in the order of the keys' last use. */
export class PoolKeys<T> {
  readonly #size: number;
  readonly #idleMs: number;
  /** Latest last. */
  readonly #states = new Map<string, KeyState<T>>();

  constructor(size: number, idleMs: number) {
    this.#size = size;
    this.#idleMs = idleMs;
  }

  /** The key's state, which from now on is the one used last. */
  use(key: string, now: number): KeyState<T> {
    const known = this.#states.get(key);
    const state = known ?? { usedAt: now, idle: [], starting: new Set(), waiting: 0, failures: 0, retryAt: 0 };
    state.usedAt = now;
    this.#states.delete(key);
    this.#states.set(key, state);
    return state;
  }

  get(key: string): KeyState<T> | undefined {
    return this.#states.get(key);
  }

  /** Longest unused first. */
  entries(): readonly (readonly [string, KeyState<T>])[] {
    return [...this.#states];
  }

  states(): readonly KeyState<T>[] {
    return [...this.#states.values()];
  }

  starts(): readonly Start[] {
    return this.states().flatMap(({ starting }) => [...starting]);
  }

  idleTotal(): number {
    return this.states().reduce((sum, { idle }) => sum + idle.length, 0);
  }

  sparesTotal(): number {
    return this.states().reduce((sum, state) => sum + spares(state), 0);
  }

  /** How many spares each key should have now, keys used last first. */
  plan(now: number): ReadonlyMap<string, number> {
    const used = this.entries().filter(([key, state]) => !this.isUnused(key, state, now));
    return planSpares(used.map(([key]) => key).toReversed(), this.#size);
  }

  isUnused(key: string, { usedAt }: KeyState<T>, now: number): boolean {
    return now - usedAt >= this.#idleMs && key !== [...this.#states.keys()].at(-1);
  }

  /** When something of what is held changes by time alone; undefined when nothing will. */
  nextChange(now: number): number | undefined {
    const times = this.states().flatMap(({ idle, usedAt, retryAt }) => [
      ...idle.map(({ expiresAt }) => expiresAt),
      retryAt,
      usedAt + this.#idleMs,
    ]);
    const next = Math.min(...times.filter((time) => time > now));
    return Number.isFinite(next) ? next : undefined;
  }

  /** Forgets a key that holds nothing, so that keys which never come back cost nothing. */
  forgetIfEmpty(key: string): void {
    const state = this.#states.get(key);
    if (state !== undefined && state.idle.length + state.starting.size + state.waiting === 0) this.#states.delete(key);
  }
}

/** Parked ones and those under way that nobody waits for. */
export function spares({ idle, starting, waiting }: KeyState<unknown>): number {
  return idle.length + Math.max(0, starting.size - waiting);
}
