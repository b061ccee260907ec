import { describe, expect, test } from "bun:test";

import { createRetryBudget, mayPass, waitBefore } from "./backoff.ts";

describe("the next try waits", () => {
  test.each([
    [1, 125, 250],
    [2, 250, 500],
    [3, 500, 1000],
    [5, 2000, 4000],
  ])("after %i of them between %i and %i ms, by chance", (tries, least, most) => {
    expect([waitBefore(tries, undefined, 0), waitBefore(tries, undefined, 1)]).toEqual([least, most]);
  });

  test.each([6, 7, 50, 2000])("and after %i of them no longer than five seconds", (tries) => {
    expect([waitBefore(tries, undefined, 0), waitBefore(tries, undefined, 1)]).toEqual([2500, 5000]);
  });

  test("differently each time, where nothing is said of how", () => {
    const waits = Array.from({ length: 50 }, () => waitBefore(1, new Headers()) ?? 0);
    expect(new Set(waits).size).toBeGreaterThan(1);
    expect(waits.every((wait) => wait >= 125 && wait <= 250)).toBe(true);
  });

  test("as long as the upstream says, to the letter, or not at all where that is too long", () => {
    const asked = (seconds: string) => waitBefore(1, new Headers({ "retry-after": seconds }), 0.5);
    expect([asked("0"), asked("2"), asked("5"), asked("6")]).toEqual([0, 2000, 5000, undefined]);
  });
});

test("an upstream has the last word on whether a failure may pass", () => {
  const answer = (status: number, word?: string) =>
    mayPass(new Response(null, { status, headers: word === undefined ? {} : { "x-should-retry": word } }));
  expect([answer(503), answer(503, "false"), answer(400), answer(400, "true")]).toEqual([true, false, false, true]);
});

test("ten tries are saved up at most, and five requests earn one", () => {
  const budget = createRetryBudget();
  const spendAll = () => Array.from({ length: 20 }, () => budget.spend()).filter(Boolean).length;
  for (let requests = 0; requests < 100; requests += 1) budget.earn();
  expect(spendAll()).toBe(10);
  for (let requests = 0; requests < 11; requests += 1) budget.earn();
  expect(spendAll()).toBe(2);
});
