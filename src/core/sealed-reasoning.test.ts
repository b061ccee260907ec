import { expect, test } from "bun:test";

import { isMarked, markSignature, openedFor, ownSignature, sealFor } from "./sealed-reasoning.ts";

test("a signature goes back to whom it came from, and to nobody else", () => {
  const signature = markSignature("openai-responses", "rs_1:gAAA=");
  expect(ownSignature("openai-responses", signature)).toBe("rs_1:gAAA=");
  expect(ownSignature("openai-chat", signature)).toBeUndefined();
  expect(isMarked(signature)).toBe(true);
});

test("Anthropic's has no mark", () => {
  expect(isMarked("EqQBCkYIBRgC+/==")).toBe(false);
  expect(ownSignature("openai-chat", "EqQBCkYIBRgC+/==")).toBeUndefined();
  expect(ownSignature("openai-chat", undefined)).toBeUndefined();
});

test("beneath it stands the provider that sealed it", () => {
  const sealed = sealFor("deepseek", "EqQB");
  expect(openedFor("deepseek", sealed)).toBe("EqQB");
  expect(openedFor("openai", sealed)).toBeUndefined();
  expect(openedFor("openai", "EqQB")).toBeUndefined();
  expect(isMarked(sealed)).toBe(true);
});
