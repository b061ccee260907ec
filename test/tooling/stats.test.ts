import { describe, expect, test } from "bun:test";

import { quantile, spreadOf } from "../../scripts/bench/stats.ts";

describe("a quantile", () => {
  test("lies between the two nearest samples, in any order", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30], 0.5)).toBe(20);
    expect(quantile([0, 100], 0.99)).toBeCloseTo(99);
  });

  test("of one sample is that sample, of none is not a number", () => {
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

test("a spread counts its samples", () => {
  expect(spreadOf([1, 2, 3])).toMatchObject({ median: 2, samples: 3 });
});
