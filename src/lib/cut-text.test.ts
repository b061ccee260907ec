import { expect, test } from "bun:test";

import fc from "fast-check";

import { cutText } from "./cut-text.ts";

test.each([
  ["", 3, ""],
  ["abc", 3, "abc"],
  ["abcd", 3, "abc…"],
  ["ää", 3, "ä…"],
  ["😀", 3, "…"],
  ["😀a", 4, "😀…"],
])("%p in %p bytes is %p", (text, bytes, cut) => {
  expect(cutText(text, bytes)).toBe(cut);
});

test("any text fits, begins as it did, and keeps its characters whole", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, bytes) => {
      const cut = cutText(text, bytes);
      if (cut === text) return;
      const kept = cut.slice(0, -1);
      expect(text.startsWith(kept)).toBe(true);
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(bytes);
      expect(kept.isWellFormed()).toBe(true);
    }),
  );
});
