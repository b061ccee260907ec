import { expect, test } from "bun:test";

import { limitsIn } from "./model-limits.ts";

// proves("model-limits")
test.each([
  ["anthropic", "claude-haiku-5-5", 1_000_000],
  ["anthropic", "claude-opus-4-5-20251101", 200_000],
  ["anthropic", "claude-haiku-5-5[1m]", 1_000_000],
  ["openai", "gpt-4o-2030-01-01", 128_000],
])("of %s, %s takes %i tokens", (vendor, model, contextWindow) => {
  expect(limitsIn(vendor, model)).toMatchObject({ contextWindow });
});

test.each([
  ["anthropic", "claude-opus-99"],
  ["anthropic", "constructor"],
  ["nobody", "claude-haiku-5-5"],
  [undefined, "claude-haiku-5-5"],
])("of %p, nothing is known of %s", (vendor, model) => {
  expect(limitsIn(vendor, model)).toBeUndefined();
});
