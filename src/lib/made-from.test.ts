import { expect, test } from "bun:test";

import { madeFrom } from "./made-from.ts";

test("what is made stays the same while what it is made of does, and is made anew when that changes", () => {
  let words = ["one"];
  const made = madeFrom(
    () => [...words],
    (source) => ({ source }),
  );
  const first = made();
  expect(made()).toBe(first);
  words = ["one", "two"];
  expect(made()).toEqual({ source: ["one", "two"] });
  expect(made()).not.toBe(first);
});
