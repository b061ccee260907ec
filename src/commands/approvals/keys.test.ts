import { expect, test } from "bun:test";

import { keysOf } from "./keys.ts";

test("keys are told apart, however many come at once", () => {
  expect(keysOf("y\u001B[A\u001B[6~ä漢\r\u007F")).toEqual(["y", "up", "page-down", "ä", "漢", "enter", "backspace"]);
  expect(keysOf("\u001B")).toEqual(["escape"]);
  expect(keysOf("\u0003\t")).toEqual(["ctrl-c", "tab"]);
});

test("a key that sends no text does nothing, least of all deny", () => {
  for (const sent of ["\u001B[15~", "\u001B[1;5C", "\u001BOP", "\u0001", "\u001B[<0;3;4M"])
    expect(keysOf(sent)).toEqual([]);
});
