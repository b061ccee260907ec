import { expect, test } from "bun:test";

import * as fc from "fast-check";

import { diffLines } from "./line-diff.ts";

test("what stays, goes and comes is told line by line", () => {
  expect(diffLines("a\nb\nc\n", "a\nB\nc\nd\n")).toEqual([" a", "-b", "+B", " c", "+d"]);
  expect(diffLines("one\ntwo\nthree", "zero\none\nthree")).toEqual(["+zero", " one", "-two", " three"]);
  expect(diffLines("", "new")).toEqual(["+new"]);
  expect(diffLines("old\r\n", "")).toEqual(["-old"]);
});

test("both texts can be read back from it", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(`${before.join("\n")}\n`, `${after.join("\n")}\n`);
      const side = (sign: string) => lines.filter((line) => " ".concat(sign).includes(line.slice(0, 1)));
      expect(side("-").map((line) => line.slice(1))).toEqual(before);
      expect(side("+").map((line) => line.slice(1))).toEqual(after);
    }),
  );
});

test("a change too large to compare is shown as replaced, its unchanged ends kept", () => {
  const many = (name: string) => Array.from({ length: 1000 }, (_, line) => `${name} ${line}`);
  const lines = diffLines(["top", ...many("old"), "end"].join("\n"), ["top", ...many("new"), "end"].join("\n"));
  expect(lines).toEqual([" top", ...many("-old"), ...many("+new"), " end"]);
});
