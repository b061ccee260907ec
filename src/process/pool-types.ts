/**
 * What a pool is made of. Resources are opaque: one is started, parked, handed out once, and never comes back. Only
 * `start` and `stop` may fail.
 */
export interface PoolOptions<T> {
  /** Starts one and brings it to where it can be claimed. The signal fires when nobody wants it any more. */
  readonly start: (key: string, signal: AbortSignal) => Promise<T>;
  /** Ends one that was not handed out. */
  readonly stop: (resource: T) => Promise<void> | void;
  readonly isAlive: (resource: T) => boolean;
  /** Asked of the parked ones now and then: one that is worn is replaced as at its age. */
  readonly isWorn?: (resource: T) => boolean;
  /** Settles when a resource dies by itself, so that a parked one is replaced before somebody asks for it. */
  readonly whenGone?: (resource: T) => Promise<unknown>;
  /** Parked resources in total, over all keys. 0 parks none. */
  readonly size: number;
  /** A parked one is replaced at this age, up to a fifth earlier so that those started together do not end together. */
  readonly maxAgeMs: number;
  /** After so long without use a key keeps no spare, unless it is the one used last. Default 10 minutes. */
  readonly keyIdleMs?: number;
  /** Default: one per core. Refills under way do not count against a caller; no refill begins while a caller waits. */
  readonly maxConcurrentStarts?: number;
  /** How long refills stay out of the way of the request that has just been served. Default 0. */
  readonly refillDelayMs?: number;
  /** Asked before each refill, not before a start that a caller waits for. */
  readonly canStart?: () => boolean;
  readonly clock?: PoolClock;
  /** Of [0, 1). Default Math.random. */
  readonly random?: () => number;
  readonly onEvent?: (event: PoolEvent) => void;
}

export interface PoolClock {
  /** Milliseconds, from any origin. */
  now(): number;
  /** Runs the task once, later; the result cancels it. Must not keep the process alive. */
  after(ms: number, task: () => void): () => void;
}

export interface Pool<T> {
  /** Says that the key is in use and gets spares for it in the background. */
  warm(key: string): void;
  /**
   * Takes a parked resource, else the next one that gets ready. Rejects with the signal's reason, with what the start
   * threw, or with PoolClosed. The caller owns what it gets.
   */
  acquire(key: string, signal: AbortSignal): Promise<Acquired<T>>;
  stats(): PoolStats;
  /** Rejects who waits, ends what is parked or starting, and waits for that. */
  close(): Promise<void>;
}

export interface Acquired<T> {
  readonly resource: T;
  /** `warm`: it was parked. `cold`: the caller waited for a start. */
  readonly start: "warm" | "cold";
  readonly waitedMs: number;
}

export interface PoolStats {
  readonly idle: number;
  readonly starting: number;
  readonly waiting: number;
  /** Warm acquires since the pool was made. */
  readonly hits: number;
  /** Cold acquires since the pool was made. */
  readonly misses: number;
  readonly byKey: Readonly<Record<string, { readonly idle: number; readonly starting: number }>>;
}

export type PoolEvent =
  | { readonly type: "started"; readonly key: string; readonly ms: number }
  | { readonly type: "start-failed"; readonly key: string; readonly error: unknown }
  | { readonly type: "acquired"; readonly key: string; readonly start: "warm" | "cold"; readonly waitedMs: number }
  | { readonly type: "dropped"; readonly key: string; readonly reason: DropReason };

/** `room`: for a key used more recently. `unused`: its key was not used for long. */
export type DropReason = "age" | "worn" | "died" | "room" | "unused" | "closed";

export class PoolClosed extends Error {
  override readonly name = "PoolClosed";

  constructor() {
    super("The pool is closed.");
  }
}
