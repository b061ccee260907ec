/**
 * A warm pool: keeps started resources ready to be claimed, by key. Knows nothing of what they are; owns when one is
 * started, for whom, and when it is let go unused.
 */
import { availableParallelism } from "node:os";

import { PoolKeys, spares, type KeyState, type Parked, type Start } from "./pool-keys.ts";
import { backoffMs, spreadAgeMs } from "./pool-plan.ts";
import {
  PoolClosed,
  type Acquired,
  type DropReason,
  type Pool,
  type PoolClock,
  type PoolOptions,
  type PoolStats,
} from "./pool-types.ts";

const DEFAULT_KEY_IDLE_MS = 10 * 60_000;
/** How soon to ask again after `canStart` said no. */
const CAN_START_RETRY_MS = 5000;
/** Seldom: one that is worn from its start on is replaced each time. */
const WEAR_CHECK_MS = 5 * 60_000;

interface Waiter<T> {
  readonly key: string;
  readonly state: KeyState<T>;
  readonly resolve: (resource: T) => void;
  readonly reject: (reason: unknown) => void;
}

export function createPool<T>(options: PoolOptions<T>): Pool<T> {
  return new WarmPool(options);
}

class WarmPool<T> implements Pool<T> {
  readonly #options: PoolOptions<T>;
  readonly #clock: PoolClock;
  readonly #maxStarts: number;
  readonly #keys: PoolKeys<T>;
  readonly #waiters: Waiter<T>[] = [];
  /** Starts and stops under way, for `close` to wait for. */
  readonly #pending = new Set<Promise<unknown>>();
  #hits = 0;
  #misses = 0;
  #refillAt = 0;
  #wearCheckAt = 0;
  #closed = false;
  #cancelTimer: () => void = () => undefined;

  constructor(options: PoolOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#maxStarts = Math.max(1, options.maxConcurrentStarts ?? availableParallelism());
    this.#keys = new PoolKeys(options.size, options.keyIdleMs ?? DEFAULT_KEY_IDLE_MS);
  }

  warm(key: string): void {
    if (this.#closed) return;
    this.#keys.use(key, this.#clock.now());
    this.#pump();
  }

  async acquire(key: string, signal: AbortSignal): Promise<Acquired<T>> {
    signal.throwIfAborted();
    if (this.#closed) throw new PoolClosed();
    const since = this.#clock.now();
    const state = this.#keys.use(key, since);
    this.#dropSpent(key, state);
    const parked = state.idle.shift();
    if (parked !== undefined) {
      this.#noteServed(state);
      this.#pump();
      return this.#handOver(key, { resource: parked.resource, start: "warm", waitedMs: 0 });
    }
    const resource = await this.#wait(key, state, signal);
    if (signal.aborted) {
      this.#giveBack(key, state, resource);
      throw signal.reason;
    }
    return this.#handOver(key, { resource, start: "cold", waitedMs: this.#clock.now() - since });
  }

  stats(): PoolStats {
    const held = this.#keys.entries().filter(([, { idle, starting }]) => idle.length + starting.size > 0);
    return {
      idle: this.#keys.idleTotal(),
      starting: this.#keys.starts().length,
      waiting: this.#waiters.length,
      hits: this.#hits,
      misses: this.#misses,
      byKey: Object.fromEntries(
        held.map(([key, { idle, starting }]) => [key, { idle: idle.length, starting: starting.size }]),
      ),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new PoolClosed());
    for (const { controller } of this.#keys.starts()) controller.abort(new PoolClosed());
    for (const [key, { idle }] of this.#keys.entries())
      for (const { resource } of idle.splice(0)) this.#drop(key, resource, "closed");
    // What a start gives back now is stopped in turn, so there can be more to wait for.
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  async #wait(key: string, state: KeyState<T>, signal: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiter: Waiter<T> = { key, state, resolve, reject };
    const abandon = (): void => {
      if (!this.#removeWaiter(waiter)) return;
      reject(signal.reason);
      this.#cancelSurplus(state);
      this.#pump();
    };
    signal.addEventListener("abort", abandon, { once: true });
    this.#waiters.push(waiter);
    state.waiting += 1;
    this.#pump();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abandon);
    }
  }

  #removeWaiter(waiter: Waiter<T>): boolean {
    const index = this.#waiters.indexOf(waiter);
    if (index === -1) return false;
    this.#waiters.splice(index, 1);
    waiter.state.waiting -= 1;
    return true;
  }

  #takeWaiter(state: KeyState<T>): Waiter<T> | undefined {
    const waiter = this.#waiters.find((each) => each.state === state);
    if (waiter !== undefined) this.#removeWaiter(waiter);
    return waiter;
  }

  #handOver(key: string, acquired: Acquired<T>): Acquired<T> {
    if (acquired.start === "warm") this.#hits += 1;
    else this.#misses += 1;
    this.#options.onEvent?.({ type: "acquired", key, start: acquired.start, waitedMs: acquired.waitedMs });
    return acquired;
  }

  /** For a caller that gave up in the very moment it was served. */
  #giveBack(key: string, state: KeyState<T>, resource: T): void {
    if (this.#closed) this.#stop(resource);
    else this.#place(key, state, resource);
    this.#pump();
  }

  /** Brings the pool to where it should be now, and looks again when that changes. */
  #pump(): void {
    if (this.#closed) return;
    const asksWear = this.#clock.now() >= this.#wearCheckAt;
    if (asksWear) this.#wearCheckAt = this.#clock.now() + WEAR_CHECK_MS;
    for (const [key, state] of this.#keys.entries()) this.#dropSpent(key, state, asksWear);
    this.#startForWaiters();
    this.#dropUnused();
    const refused = !this.#refill();
    this.#schedule(refused);
  }

  #startForWaiters(): void {
    const underWay = new Map(this.#keys.states().map((state) => [state, state.starting.size]));
    let foreground = this.#keys.starts().filter((start) => start.foreground).length;
    for (const { key, state } of this.#waiters) {
      const unclaimed = underWay.get(state) ?? 0;
      if (unclaimed > 0) underWay.set(state, unclaimed - 1);
      else if (foreground < this.#maxStarts) {
        foreground += 1;
        this.#begin(key, state, true);
      }
    }
  }

  /** False when `canStart` stood in the way. */
  #refill(): boolean {
    const now = this.#clock.now();
    // A refill takes a core, for most of a second, from the start a caller waits for.
    if (this.#waiters.length > 0 || now < this.#refillAt) return true;
    const plan = this.#keys.plan(now);
    for (const [key, target] of plan) {
      const state = this.#keys.get(key);
      if (state === undefined || now < state.retryAt) continue;
      while (spares(state) < target && this.#keys.starts().length < this.#maxStarts) {
        if (this.#options.canStart?.() === false) return false;
        if (!this.#makeRoom(plan)) return true;
        this.#begin(key, state, false);
      }
    }
    return true;
  }

  /** Room for one more: if the pool is full, a key with more than its share loses its oldest. False when none has. */
  #makeRoom(plan: ReadonlyMap<string, number>): boolean {
    if (this.#keys.sparesTotal() < this.#options.size) return true;
    for (const [key, state] of this.#keys.entries()) {
      const oldest = spares(state) > (plan.get(key) ?? 0) ? state.idle.shift() : undefined;
      if (oldest === undefined) continue;
      this.#drop(key, oldest.resource, "room");
      return true;
    }
    return false;
  }

  /** A resource goes to a caller: refills of the key make sense again, but not right now. */
  #noteServed(state: KeyState<T>): void {
    state.failures = 0;
    state.retryAt = 0;
    this.#refillAt = this.#clock.now() + (this.#options.refillDelayMs ?? 0);
  }

  #begin(key: string, state: KeyState<T>, foreground: boolean): void {
    const start: Start = { controller: new AbortController(), foreground };
    state.starting.add(start);
    this.#track(this.#run(key, state, start));
  }

  async #run(key: string, state: KeyState<T>, start: Start): Promise<void> {
    const since = this.#clock.now();
    try {
      const resource = await this.#options.start(key, start.controller.signal);
      const wanted = state.starting.delete(start) && !this.#closed;
      if (!wanted) return this.#stop(resource);
      this.#options.onEvent?.({ type: "started", key, ms: this.#clock.now() - since });
      this.#place(key, state, resource);
    } catch (error) {
      const wanted = state.starting.delete(start) && !this.#closed;
      if (!wanted) return;
      this.#recordFailure(state);
      this.#options.onEvent?.({ type: "start-failed", key, error });
      this.#takeWaiter(state)?.reject(error);
    }
    this.#pump();
  }

  /** To who waits longest for the key, else to the spares. */
  #place(key: string, state: KeyState<T>, resource: T): void {
    const waiter = this.#takeWaiter(state);
    if (waiter !== undefined) {
      this.#noteServed(state);
      waiter.resolve(resource);
      return;
    }
    if (this.#keys.idleTotal() >= this.#options.size && !this.#makeRoom(this.#keys.plan(this.#clock.now()))) {
      this.#drop(key, resource, "room");
      return;
    }
    const age = spreadAgeMs(this.#options.maxAgeMs, (this.#options.random ?? Math.random)());
    const parked: Parked<T> = { resource, expiresAt: this.#clock.now() + age };
    state.idle.push(parked);
    const onGone = (): void => {
      // One that was handed out or let go is no longer ours to mind.
      if (state.idle.includes(parked)) this.#pump();
    };
    void this.#options.whenGone?.(resource).then(onGone, onGone);
  }

  /** Lets go of spares that died, are too old or, where that is asked, worn. */
  #dropSpent(key: string, state: KeyState<T>, asksWear = false): void {
    for (const parked of [...state.idle]) {
      const reason = this.#whyDrop(parked, asksWear);
      if (reason === undefined) continue;
      state.idle.splice(state.idle.indexOf(parked), 1);
      // One that lived its time clears the record; a death counts as a failed start, or it would be made good in a hot loop.
      if (reason === "died") this.#recordFailure(state);
      else state.failures = 0;
      this.#drop(key, parked.resource, reason);
    }
  }

  #whyDrop({ resource, expiresAt }: Parked<T>, asksWear: boolean): DropReason | undefined {
    if (!this.#options.isAlive(resource)) return "died";
    if (this.#clock.now() >= expiresAt) return "age";
    return asksWear && this.#options.isWorn?.(resource) === true ? "worn" : undefined;
  }

  #dropUnused(): void {
    const now = this.#clock.now();
    for (const [key, state] of this.#keys.entries()) {
      if (!this.#keys.isUnused(key, state, now)) continue;
      for (const { resource } of state.idle.splice(0)) this.#drop(key, resource, "unused");
      this.#keys.forgetIfEmpty(key);
    }
  }

  /** After a caller gave up: ends a start that would only make a spare too many. */
  #cancelSurplus(state: KeyState<T>): void {
    const start = [...state.starting].at(-1);
    if (start === undefined || this.#keys.sparesTotal() <= this.#options.size) return;
    state.starting.delete(start);
    start.controller.abort(new DOMException("Nobody waits for this start any more.", "AbortError"));
  }

  #drop(key: string, resource: T, reason: DropReason): void {
    this.#options.onEvent?.({ type: "dropped", key, reason });
    this.#stop(resource);
  }

  #stop(resource: T): void {
    const stopping = async (): Promise<void> => this.#options.stop(resource);
    this.#track(stopping().catch(() => undefined));
  }

  #track(work: Promise<void>): void {
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }

  #recordFailure(state: KeyState<T>): void {
    state.failures += 1;
    state.retryAt = this.#clock.now() + backoffMs(state.failures);
  }

  #schedule(refused: boolean): void {
    this.#cancelTimer();
    const now = this.#clock.now();
    const asksWear = this.#options.isWorn !== undefined && this.#keys.idleTotal() > 0;
    const times = [
      this.#keys.nextChange(now) ?? now,
      this.#refillAt,
      refused ? now + CAN_START_RETRY_MS : now,
      asksWear ? this.#wearCheckAt : now,
    ].filter((time) => time > now);
    this.#cancelTimer =
      times.length === 0
        ? () => undefined
        : this.#clock.after(Math.min(...times) - now, () => {
            this.#pump();
          });
  }
}

const systemClock: PoolClock = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
