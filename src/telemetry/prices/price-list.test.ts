import { describe, expect, test } from "bun:test";

import { noUsage, type Usage } from "#core/usage.ts";

import { createPriceList } from "./price-list.ts";

const list = createPriceList({
  rules: [
    { model: /^local\//, tiers: [{ above: 0, input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }] },
    { model: /^mine$/, tiers: [{ above: 0, input: 1, output: 2, cacheRead: 3, cacheWrite: 4, cacheWrite1h: 5 }] },
  ],
  vendorOf: (backend) => ({ "claude-cli": "anthropic", openai: "openai" })[backend],
});

const quarter = 250_000;
const usage = (tokens: Partial<Usage>): Usage => ({ ...noUsage, ...tokens });

describe("an answer", () => {
  // The sum that @pydantic/genai-prices 0.1.8 comes to, for the same tokens.
  test("costs by what was read plainly, from the cache, and into it for five minutes and for an hour", () => {
    const tokens = usage({
      inputTokens: 4 * quarter,
      cacheReadInputTokens: quarter,
      cacheWriteInputTokens: 2 * quarter,
      cacheWrite1hInputTokens: quarter,
    });
    expect(list.cost("claude-cli", "claude-opus-5-5", tokens)).toBeCloseTo(4.3, 10);
    expect(list.cost("x", "mine", tokens)).toBeCloseTo((1 + 3 + 4 + 5) / 4, 10);
  });

  test("costs all of it by the tier that its input reaches", () => {
    const below = usage({ inputTokens: 100_000, outputTokens: 1000 });
    const above = usage({ inputTokens: 100_001, outputTokens: 1000 });
    expect(list.cost("claude-cli", "claude-haiku-5-5", below)).toBeCloseTo(0.0105, 10);
    expect(list.cost("claude-cli", "claude-haiku-5-5", above)).toBeCloseTo(0.0525005, 10);
  });

  test.each([
    ["claude-cli", "claude-opus-5-5[1m]"],
    ["claude-cli", "claude-opus-4-5-20251101"],
    ["claude-cli", "claude-sonnet-5-5-20260901"],
    ["openai", "gpt-6-astra"],
    ["openai", "gpt-5.5-2026-04-01"],
  ])("of %s by %s has a price", (backend, model) => {
    expect(list.cost(backend, model, usage({ inputTokens: 1000 }))).toBeGreaterThan(0);
  });

  test.each([
    ["claude-cli", "claude-sonnet-9"],
    ["claude-cli", "claude-sonnet-5-5-turbo"],
    ["claude-cli", "constructor"],
    ["unknown", "claude-opus-5-5"],
  ])("of %s by %s has none that is known, which is not nothing", (backend, model) => {
    expect(list.cost(backend, model, usage({ inputTokens: 1000 }))).toBeNull();
  });

  test("that a cache takes in costs as other input where the list has no price for it", () => {
    const written = usage({ inputTokens: 101_000, cacheWriteInputTokens: 100_000, outputTokens: 100 });
    const plain = usage({ inputTokens: 101_000, outputTokens: 100 });
    expect(list.cost("openai", "gpt-5.5", written)).toBe(list.cost("openai", "gpt-5.5", plain));
    expect(list.cost("openai", "gpt-5.5", plain)).toBeGreaterThan(0.5);
  });

  test("may be free by the configuration", () => {
    expect(list.cost("local", "gpt-oss", usage({ inputTokens: 1000 }))).toBe(0);
  });
});
