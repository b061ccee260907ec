import { expect, test } from "bun:test";

import { boundNames } from "./unread-fields.ts";

test("a list of names that a client chose has an end, and so has each of them", () => {
  const bounded = boundNames(new Set(Array.from({ length: 500 }, (_, index) => `${index}`.repeat(100))));
  expect(bounded.length).toBe(40);
  expect(Math.max(...bounded.map((name) => name.length))).toBe(64);
});
