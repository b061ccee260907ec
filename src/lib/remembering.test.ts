import { expect, test } from "bun:test";

import { remembering } from "./remembering.ts";

test("the work is done once for equal texts, and again for one that was forgotten", () => {
  const worked: string[] = [];
  const upper = remembering((text) => {
    worked.push(text);
    return text.toUpperCase();
  }, 2);
  expect(["a", "a", "b", "a", "c", "b", "a"].map(upper)).toEqual(["A", "A", "B", "A", "C", "B", "A"]);
  expect(worked).toEqual(["a", "b", "c", "a"]);
});
