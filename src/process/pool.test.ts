import { describe, expect, test } from "bun:test";

import { createFakeClock, createFakeResources, settle, type FakeResource } from "./fixtures/fake-resources.ts";
import { PoolClosed, type Acquired, type PoolEvent, type PoolOptions } from "./pool-types.ts";
import { createPool } from "./pool.ts";

const MINUTE = 60_000;
const never = new AbortController().signal;

function setUp(more: Partial<PoolOptions<FakeResource>> = {}) {
  const resources = createFakeResources();
  const time = createFakeClock();
  const events: PoolEvent[] = [];
  const pool = createPool<FakeResource>({
    start: resources.start,
    stop: resources.stop,
    isAlive: resources.isAlive,
    whenGone: resources.whenGone,
    size: 2,
    maxAgeMs: 30 * MINUTE,
    maxConcurrentStarts: 2,
    clock: time.clock,
    random: () => 0,
    onEvent: (event) => void events.push(event),
    ...more,
  });
  /** Lets all starts succeed until the pool wants no more. */
  const finishStarts = async (): Promise<void> => {
    for (await settle(); resources.starts.length > 0; await settle()) resources.starts[0]?.succeed();
  };
  const underWay = (): readonly string[] => resources.starts.map(({ key }) => key);
  const drops = (): readonly string[] =>
    events.flatMap((event) => (event.type === "dropped" ? [`${event.key} ${event.reason}`] : []));
  return { pool, resources, time, events, finishStarts, underWay, drops };
}

async function outcomeOf(acquiring: Promise<Acquired<FakeResource>>): Promise<unknown> {
  return acquiring.then(
    ({ start }) => start,
    (reason: unknown) => reason,
  );
}

describe("acquiring", () => {
  test("takes the oldest parked one at once and starts another in the background", async () => {
    const { pool, resources, underWay, finishStarts } = setUp();
    pool.warm("a");
    await finishStarts();
    expect(pool.stats()).toMatchObject({ idle: 2, starting: 0, byKey: { a: { idle: 2, starting: 0 } } });
    const { resource, start, waitedMs } = await pool.acquire("a", never);
    expect({ id: resource.id, start, waitedMs }).toEqual({ id: 0, start: "warm", waitedMs: 0 });
    expect(underWay()).toEqual(["a"]);
    await finishStarts();
    expect(pool.stats()).toMatchObject({ idle: 2, hits: 1, misses: 0 });
    expect(resources.made.length).toBe(3);
  });

  test("starts one when none is parked and says how long that took", async () => {
    const { pool, resources, time } = setUp({ size: 0 });
    const acquiring = pool.acquire("a", never);
    time.advance(300);
    resources.starts[0]?.succeed();
    expect(await acquiring).toMatchObject({ start: "cold", waitedMs: 300 });
    expect(pool.stats()).toMatchObject({ idle: 0, starting: 0, hits: 0, misses: 1 });
  });

  test("takes the result of a start of the key that is already under way", async () => {
    const { pool, resources, underWay } = setUp({ size: 1 });
    pool.warm("a");
    const acquiring = pool.acquire("a", never);
    const background = resources.starts[0]?.succeed();
    expect((await acquiring).resource.id).toBe(background?.id ?? -1);
    expect(underWay()).toEqual(["a"]);
  });

  test("does not wait for refills of another key, however many are under way", async () => {
    const { pool, resources, underWay } = setUp();
    pool.warm("a");
    const acquiring = pool.acquire("b", never);
    expect(underWay()).toEqual(["a", "a", "b"]);
    resources.starts[2]?.succeed();
    expect((await acquiring).start).toBe("cold");
  });

  test("callers beyond the limit are started for in turn, and before any refill", async () => {
    const { pool, resources, underWay } = setUp();
    const order: string[] = [];
    for (const key of ["a", "b", "c"]) void pool.acquire(key, never).then(() => order.push(key));
    expect(underWay()).toEqual(["a", "b"]);
    resources.starts[0]?.succeed();
    await settle();
    expect(underWay()).toEqual(["b", "c"]);
    resources.starts[1]?.succeed();
    resources.starts[0]?.succeed();
    await settle();
    expect(order).toEqual(["a", "c", "b"]);
    expect(underWay()).toEqual(["c", "b"]);
  });

  test("hands a failed start's error to the caller as it is, and serves the next", async () => {
    const { pool, resources } = setUp({ size: 0 });
    const error = new Error("no such program");
    const [first, second] = [outcomeOf(pool.acquire("a", never)), outcomeOf(pool.acquire("a", never))];
    resources.starts[0]?.fail(error);
    resources.starts[0]?.succeed();
    expect(await first).toBe(error);
    expect(await second).toBe("cold");
  });

  test("passes over a parked one that has died", async () => {
    const { pool, resources, finishStarts } = setUp({ size: 1 });
    pool.warm("a");
    await finishStarts();
    for (const resource of resources.made) resource.alive = false;
    const acquiring = pool.acquire("a", never);
    await finishStarts();
    expect(await acquiring).toMatchObject({ start: "cold", resource: { id: 1, alive: true } });
  });
});

describe("giving up", () => {
  test("rejects with the signal's reason; the start goes on and its result is parked", async () => {
    const { pool, finishStarts } = setUp();
    const controller = new AbortController();
    const acquiring = outcomeOf(pool.acquire("a", controller.signal));
    controller.abort("client gone");
    expect(await acquiring).toBe("client gone");
    await finishStarts();
    expect(pool.stats()).toMatchObject({ idle: 2, waiting: 0, hits: 0, misses: 0 });
    expect((await pool.acquire("a", never)).start).toBe("warm");
  });

  test("ends a start whose result there would be no place for", async () => {
    const { pool, resources } = setUp({ size: 0 });
    const controller = new AbortController();
    const acquiring = outcomeOf(pool.acquire("a", controller.signal));
    const [start] = resources.starts;
    controller.abort("client gone");
    expect(await acquiring).toBe("client gone");
    expect(start?.signal.aborted).toBe(true);
    expect(pool.stats().starting).toBe(0);
    const late = start?.succeed();
    await settle();
    expect(late?.stops).toBe(1);
    expect(pool.stats()).toMatchObject({ idle: 0, starting: 0 });
  });

  test("in the very moment of being served gives the resource back", async () => {
    const controller = new AbortController();
    const { pool, resources, finishStarts } = setUp({
      size: 1,
      onEvent: ({ type }) => {
        // Runs when the caller has been given its resource but has not come round to taking it.
        if (type === "started") queueMicrotask(() => controller.abort("client gone"));
      },
    });
    const acquiring = outcomeOf(pool.acquire("a", controller.signal));
    resources.starts[0]?.succeed();
    expect(await acquiring).toBe("client gone");
    await finishStarts();
    expect(pool.stats()).toMatchObject({ idle: 1, starting: 0, hits: 0, misses: 0 });
    expect(resources.made.map(({ stops }) => stops)).toEqual([0, 1]);
  });

  test("leaves a start that still makes a spare alone", async () => {
    const { pool, underWay, resources } = setUp({ size: 1 });
    const controller = new AbortController();
    const [first, second] = [outcomeOf(pool.acquire("a", controller.signal)), outcomeOf(pool.acquire("a", never))];
    controller.abort("client gone");
    expect(await first).toBe("client gone");
    expect(pool.stats()).toMatchObject({ starting: 2, waiting: 1 });
    expect(resources.starts.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    resources.starts[0]?.succeed();
    expect(await second).toBe("cold");
    expect(underWay()).toEqual(["a"]);
  });

  test("before asking costs no start", async () => {
    const { pool, underWay } = setUp();
    expect(await outcomeOf(pool.acquire("a", AbortSignal.abort("too late")))).toBe("too late");
    expect(underWay()).toEqual([]);
  });
});

describe("keys", () => {
  test("the one used last gets the refills, another keeps one spare", async () => {
    const { pool, finishStarts, drops } = setUp({ size: 3 });
    pool.warm("a");
    await finishStarts();
    pool.warm("b");
    await finishStarts();
    expect(pool.stats().byKey).toEqual({ a: { idle: 1, starting: 0 }, b: { idle: 2, starting: 0 } });
    expect(drops()).toEqual(["a room", "a room"]);
  });

  test("the one unused longest goes without when there are more keys than places", async () => {
    const { pool, finishStarts } = setUp({ size: 2 });
    for (const key of ["a", "b", "c"]) {
      pool.warm(key);
      await finishStarts();
    }
    expect(pool.stats().byKey).toEqual({ b: { idle: 1, starting: 0 }, c: { idle: 1, starting: 0 } });
  });

  test("room is made where there is more than a fair share, and by nothing else", async () => {
    const { pool, finishStarts, drops } = setUp({ size: 3 });
    for (const key of ["a", "b", "c"]) {
      pool.warm(key);
      await finishStarts();
    }
    const one = { idle: 1, starting: 0 };
    expect(pool.stats().byKey).toEqual({ a: one, b: one, c: one });
    expect(drops()).toEqual(["a room", "a room", "b room"]);
  });

  test("a start under way is not given up for another key, and counts as taken room", async () => {
    const { pool, underWay, resources } = setUp({ size: 2, maxConcurrentStarts: 4 });
    pool.warm("a");
    pool.warm("b");
    expect(underWay()).toEqual(["a", "a"]);
    expect(resources.starts.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  });

  test("one that is used again is the latest again", async () => {
    const { pool, finishStarts } = setUp({ size: 3 });
    for (const key of ["a", "b", "a"]) {
      pool.warm(key);
      await finishStarts();
    }
    expect(pool.stats().byKey).toEqual({ a: { idle: 2, starting: 0 }, b: { idle: 1, starting: 0 } });
  });

  test("one not used for long loses its spare, the last one used never does", async () => {
    const { pool, time, finishStarts, drops } = setUp({ keyIdleMs: 10 * MINUTE });
    pool.warm("a");
    await finishStarts();
    pool.warm("b");
    await finishStarts();
    time.advance(15 * MINUTE);
    await finishStarts();
    expect(pool.stats().byKey).toEqual({ b: { idle: 2, starting: 0 } });
    expect(drops()).toEqual(["a room", "a unused"]);
  });

  test("are forgotten when they never come back", async () => {
    const { pool, resources, time } = setUp({ size: 0, keyIdleMs: MINUTE });
    for (let index = 0; index < 100; index += 1) {
      const acquiring = pool.acquire(`key ${index}`, never);
      resources.starts[0]?.succeed();
      await acquiring;
    }
    time.advance(2 * MINUTE);
    expect(pool.stats().byKey).toEqual({});
    expect(time.timers.size).toBe(0);
  });
});

describe("spares", () => {
  test("are replaced when they are found worn, and only then", async () => {
    const worn = new Set<FakeResource>();
    const { pool, resources, time, drops, finishStarts } = setUp({ isWorn: (resource) => worn.has(resource) });
    pool.warm("a");
    await finishStarts();
    for (const resource of resources.made.slice(0, 1)) worn.add(resource);
    time.advance(4 * MINUTE);
    expect(drops()).toEqual([]);
    time.advance(2 * MINUTE);
    expect(drops()).toEqual(["a worn"]);
    await finishStarts();
    time.advance(6 * MINUTE);
    expect(drops()).toEqual(["a worn"]);
    expect(pool.stats()).toMatchObject({ idle: 2 });
    expect(resources.made.map(({ stops }) => stops)).toEqual([1, 0, 0]);
  });

  test("are replaced at their age, which is spread", async () => {
    let random = 0;
    const { pool, time, finishStarts, drops } = setUp({ maxAgeMs: 10 * MINUTE, random: () => (random += 0.25) });
    pool.warm("a");
    await finishStarts();
    time.advance(9 * MINUTE);
    expect(drops()).toEqual(["a age"]);
    time.advance(MINUTE);
    expect(drops()).toEqual(["a age", "a age"]);
    await finishStarts();
    expect(pool.stats().idle).toBe(2);
  });

  test("that die are noticed and replaced, but not in a hot loop", async () => {
    const { pool, resources, time, underWay, finishStarts } = setUp({ size: 1 });
    pool.warm("a");
    await finishStarts();
    for (const waitMs of [500, 1000, 2000]) {
      for (const resource of resources.made) resources.die(resource);
      await settle();
      time.advance(waitMs - 1);
      expect(underWay()).toEqual([]);
      time.advance(1);
      expect(underWay()).toEqual(["a"]);
      await finishStarts();
    }
    expect(pool.stats().idle).toBe(1);
  });

  test("that fail to start are tried again ever later, at most a minute", async () => {
    const { pool, resources, time, underWay } = setUp({ size: 1 });
    pool.warm("a");
    for (const waitMs of [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      resources.starts[0]?.fail(new Error("not today"));
      await settle();
      time.advance(waitMs - 1);
      expect(underWay()).toEqual([]);
      time.advance(1);
      expect(underWay()).toEqual(["a"]);
    }
    expect(pool.stats()).toMatchObject({ idle: 0, starting: 1 });
  });

  test("are tried again at once when a caller's start has gone well", async () => {
    const { pool, resources, underWay } = setUp({ size: 1 });
    pool.warm("a");
    resources.starts[0]?.fail(new Error("not today"));
    await settle();
    expect(underWay()).toEqual([]);
    const acquiring = pool.acquire("a", never);
    resources.starts[0]?.succeed();
    expect((await acquiring).start).toBe("cold");
    expect(underWay()).toEqual(["a"]);
  });

  test("wait for memory; a caller's start does not", async () => {
    let roomy = false;
    const { pool, time, underWay, finishStarts } = setUp({ canStart: () => roomy });
    pool.warm("a");
    expect(underWay()).toEqual([]);
    const acquiring = pool.acquire("a", never);
    expect(underWay()).toEqual(["a"]);
    await finishStarts();
    expect((await acquiring).start).toBe("cold");
    expect(pool.stats()).toMatchObject({ idle: 0, starting: 0 });
    roomy = true;
    time.advance(5000);
    expect(underWay()).toEqual(["a", "a"]);
  });

  test("are refilled no more at once than allowed, and after the delay asked for", async () => {
    const { pool, time, underWay, finishStarts } = setUp({ size: 4, refillDelayMs: 250 });
    pool.warm("a");
    expect(underWay()).toEqual(["a", "a"]);
    await finishStarts();
    expect(pool.stats().idle).toBe(4);
    await pool.acquire("a", never);
    expect(underWay()).toEqual([]);
    time.advance(250);
    expect(underWay()).toEqual(["a"]);
  });
});

describe("closing", () => {
  test("rejects who waits, ends parked and starting ones, and waits for them", async () => {
    const stopped = Promise.withResolvers<void>();
    const { pool, resources, time, finishStarts } = setUp({ size: 1, stop: () => stopped.promise });
    pool.warm("a");
    await finishStarts();
    const waiting = outcomeOf(pool.acquire("b", never));
    let closed = false;
    const closing = pool.close().then(() => (closed = true));
    expect(await waiting).toBeInstanceOf(PoolClosed);
    expect(resources.starts.map(({ signal }) => signal.aborted)).toEqual([true]);
    resources.starts[0]?.fail(new Error("aborted"));
    await settle();
    expect(closed).toBe(false);
    stopped.resolve();
    await closing;
    expect(pool.stats()).toMatchObject({ idle: 0, starting: 0, waiting: 0 });
    expect(time.timers.size).toBe(0);
    expect(await outcomeOf(pool.acquire("a", never))).toBeInstanceOf(PoolClosed);
    pool.warm("a");
    expect(resources.starts).toEqual([]);
  });
});
