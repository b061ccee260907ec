import { expect, test } from "bun:test";

import fc from "fast-check";

import { createFakeClock, createFakeResources, settle, type FakeResource } from "./fixtures/fake-resources.ts";
import { PoolClosed } from "./pool-types.ts";
import { createPool } from "./pool.ts";

const MAX_STARTS = 2;
const key = fc.constantFrom("a", "b", "c");

/** `turn` picks one of what is there; `settled` says whether promises may run before the next step. */
const step = fc.record({
  act: fc.oneof(
    fc.record({ type: fc.constantFrom("warm", "acquire"), key }),
    fc.record({ type: fc.constantFrom("succeed", "fail", "give-up", "die"), turn: fc.nat(20) }),
    fc.record({ type: fc.constant("advance"), ms: fc.integer({ min: 1, max: 120_000 }) }),
  ),
  settled: fc.boolean(),
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A pool, the world around it, and what each caller got. */
function createWorld(size: number) {
  const resources = createFakeResources();
  const time = createFakeClock();
  const handedOut: FakeResource[] = [];
  const callers: { readonly controller: AbortController; outcome: "waiting" | "served" | "gave-up" | "failed" }[] = [];
  const pool = createPool<FakeResource>({
    start: resources.start,
    stop: resources.stop,
    isAlive: resources.isAlive,
    whenGone: resources.whenGone,
    size,
    maxAgeMs: 60_000,
    keyIdleMs: 90_000,
    maxConcurrentStarts: MAX_STARTS,
    clock: time.clock,
    random: () => 0.5,
  });

  const acquire = (wanted: string): void => {
    const controller = new AbortController();
    const caller: (typeof callers)[number] = { controller, outcome: "waiting" };
    callers.push(caller);
    pool.acquire(wanted, controller.signal).then(
      ({ resource }) => {
        expect(resource.key).toBe(wanted);
        expect(resource.stops).toBe(0);
        handedOut.push(resource);
        caller.outcome = "served";
      },
      (reason: unknown) => {
        caller.outcome = controller.signal.aborted && reason === "gave up" ? "gave-up" : "failed";
      },
    );
  };

  const perform = ({ act }: Step): void => {
    if ("key" in act) return act.type === "warm" ? pool.warm(act.key) : acquire(act.key);
    if ("ms" in act) return time.advance(act.ms);
    const pick = <T>(from: readonly T[]): T | undefined => from[act.turn % from.length];
    if (act.type === "succeed") pick(resources.starts)?.succeed();
    else if (act.type === "fail") pick(resources.starts)?.fail(new Error("failed"));
    else if (act.type === "give-up") pick(callers)?.controller.abort("gave up");
    else {
      const victim = pick(resources.made);
      if (victim !== undefined) resources.die(victim);
    }
  };

  const check = (): void => {
    const { idle, starting } = pool.stats();
    expect(idle).toBeLessThanOrEqual(Math.max(0, size));
    // Refills count what callers started, callers do not count refills.
    expect(starting).toBeLessThanOrEqual(2 * MAX_STARTS);
    expect(new Set(handedOut).size).toBe(handedOut.length);
    expect(handedOut.filter(({ stops }) => stops > 0)).toEqual([]);
    expect(resources.made.filter(({ stops }) => stops > 1)).toEqual([]);
  };
  return { pool, resources, time, handedOut, callers, perform, check };
}

test("whatever happens, each resource has one owner, limits hold, and every caller gets an answer", async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 0, max: 4 }),
    fc.array(step, { maxLength: 60 }),
    async (size, steps) => {
      const { pool, resources, time, handedOut, callers, perform, check } = createWorld(size);
      for (const each of steps) {
        perform(each);
        if (each.settled) {
          await settle();
          check();
        }
      }
      await settle();
      check();
      expect(resources.made.length).toBe(
        handedOut.length + pool.stats().idle + resources.made.filter(({ stops }) => stops === 1).length,
      );

      // Once starts succeed again, everybody who still waits is served and the pool is full.
      for (let round = 0; round < 200 && resources.starts.length > 0; round += 1) {
        resources.starts[0]?.succeed();
        await settle();
      }
      expect(callers.filter(({ outcome }) => outcome === "waiting")).toEqual([]);
      pool.warm("a");
      for (let round = 0; round < 40 && pool.stats().idle < size; round += 1) {
        time.advance(2000);
        for (const start of resources.starts.slice()) start.succeed();
        await settle();
      }
      expect(pool.stats().idle).toBe(size);
      check();

      const closing = pool.close();
      for (const start of resources.starts.slice()) start.succeed();
      await closing;
      expect(time.timers.size).toBe(0);
      expect(resources.made.filter(({ stops }) => stops === 1).length).toBe(resources.made.length - handedOut.length);
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

test("closing at any point answers every caller and ends every resource that was not handed out", async () => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const { pool, resources, handedOut, callers, perform } = createWorld(2);
    for (const each of steps) {
      perform(each);
      if (each.settled) await settle();
    }
    const closing = pool.close();
    for (const start of resources.starts.slice()) start.fail(new PoolClosed());
    await closing;
    await settle();
    expect(callers.filter(({ outcome }) => outcome === "waiting")).toEqual([]);
    expect(resources.made.filter(({ stops }) => stops === 1).length).toBe(resources.made.length - handedOut.length);
  });
  await fc.assert(property, { numRuns: 200 });
});
