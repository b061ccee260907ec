import { expect, test } from "bun:test";

import { withoutReminders } from "./result-text.ts";

test("notes for the model alone are taken out, with the white space before them", () => {
  const text = "a\n \n<system-reminder>x</system-reminder> b<system-reminder>\ny</system-reminder>\n";
  expect(withoutReminders(text)).toBe("a b");
});

// Hours, where each place of it is looked at as a beginning.
test("a long run of white space costs no more time than other text", () => {
  const text = `a${" ".repeat(2_000_000)}b`;
  expect(withoutReminders(text)).toBe(text);
});
