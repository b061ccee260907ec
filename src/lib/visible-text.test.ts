import { expect, test } from "bun:test";

import { visibleText } from "./visible-text.ts";

test("what could redraw a screen, or read differently from what it is, is written out", () => {
  expect(visibleText("\u001B[2Jhi\r\u0007 \u009Bm")).toBe("\\u{1b}[2Jhi\\u{d}\\u{7} \\u{9b}m");
  expect(visibleText("a\u202Eb\u200Bc\uFEFF")).toBe("a\\u{202e}b\\u{200b}c\\u{feff}");
  expect(visibleText("tag \u{E0041}.")).toBe("tag \\u{e0041}.");
});

test("ordinary text of any script stays as it is", () => {
  const text = "line\n\ttabbed äöü 漢字 עברית 👍🏽 é";
  expect(visibleText(text)).toBe(text);
});
