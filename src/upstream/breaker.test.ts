import { expect, test } from "bun:test";

import { type Attempt, createBreaker } from "./breaker.ts";

function setUp() {
  const clock = { now: 0 };
  const breaker = createBreaker(() => clock.now);
  const begin = (): Attempt => {
    const attempt = breaker.begin();
    if (attempt === undefined) throw new Error("Nobody may ask.");
    return attempt;
  };
  const fail = (times: number) => {
    for (let time = 0; time < times; time += 1) begin().failed();
  };
  return { clock, breaker, begin, fail };
}

test("five failures in a row have everybody wait; a success in between begins anew", () => {
  const { breaker, begin, fail } = setUp();
  fail(4);
  begin().succeeded();
  fail(4);
  expect(breaker.waitMs()).toBe(0);
  fail(1);
  expect([breaker.waitMs(), breaker.begin()]).toEqual([5000, undefined]);
});

test("then one may try, and the others wait for its answer", () => {
  const { clock, breaker, begin, fail } = setUp();
  fail(5);
  clock.now += 5000;
  const trial = begin();
  expect(breaker.begin()).toBeUndefined();
  expect(breaker.waitMs()).toBeGreaterThan(0);
  trial.succeeded();
  expect([breaker.waitMs(), breaker.begin(), breaker.begin()]).toEqual([0, expect.anything(), expect.anything()]);
});

test("its failure has everybody wait twice as long, up to a minute", () => {
  const { clock, breaker, begin, fail } = setUp();
  fail(5);
  const waits = Array.from({ length: 5 }, () => {
    clock.now += breaker.waitMs();
    begin().failed();
    return breaker.waitMs();
  });
  expect(waits).toEqual([10_000, 20_000, 40_000, 60_000, 60_000]);
});

test("one that tries and leaves lets the next one try; so does one that hears nothing for long", () => {
  const { clock, breaker, begin, fail } = setUp();
  fail(5);
  clock.now += 5000;
  begin().ended();
  begin();
  expect(breaker.begin()).toBeUndefined();
  clock.now += breaker.waitMs();
  begin().succeeded();
  expect(breaker.waitMs()).toBe(0);
});

test("those that were under way when it began to wait say nothing new by failing, but do by their success", () => {
  const { clock, breaker, begin, fail } = setUp();
  const [slow, slower, slowest] = [begin(), begin(), begin()];
  fail(5);
  slow.failed();
  expect(breaker.waitMs()).toBe(5000);
  clock.now += 5000;
  begin();
  slower.failed();
  expect(breaker.waitMs()).toBeLessThanOrEqual(10_000);
  slowest.succeeded();
  expect(breaker.waitMs()).toBe(0);
});
