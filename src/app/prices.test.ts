import { expect, test } from "bun:test";

import * as v from "valibot";

import { configSchema } from "#config/schema.ts";
import { noUsage } from "#core/usage.ts";

import { pricesOf } from "./prices.ts";

// proves("observe-price-tiers")
test("all of a request costs as the highest tier has it that its input reaches, in whatever order they stand", () => {
  const above = {
    "1000000": { input: 9, output: 9 },
    "200_000": { input: 3, output: 4, cache_read: 0, cache_write_1h: 5 },
  };
  const list = pricesOf(v.parse(configSchema, { prices: { long: { input: 1, output: 2, above } } }));
  const cost = (inputTokens: number, more = {}) =>
    list.cost("any", "long", { ...noUsage, inputTokens, outputTokens: 100_000, ...more });
  expect(cost(200_000)).toBeCloseTo(0.2 + 0.2, 10);
  expect(cost(300_000)).toBeCloseTo(0.9 + 0.4, 10);
  expect(cost(300_000, { cacheReadInputTokens: 100_000 })).toBeCloseTo(0.6 + 0.4, 10);
  const written = { cacheWriteInputTokens: 200_000, cacheWrite1hInputTokens: 100_000 };
  expect(cost(300_000, written)).toBeCloseTo(0.3 + 0.3 + 0.5 + 0.4, 10);
  expect(cost(2_000_000)).toBeCloseTo(18 + 0.9, 10);
});

test("a price of a model's own goes before one that it shares with others, wherever the two stand", () => {
  const [shared, own] = [
    { input: 1, output: 1 },
    { input: 6, output: 6 },
  ];
  const list = pricesOf(
    v.parse(configSchema, { prices: { "mine/*": shared, "/^a/": shared, "mine/later": own, ab: own } }),
  );
  const cost = (model: string) => list.cost("mine", model, { ...noUsage, inputTokens: 1_000_000 });
  expect([cost("later"), cost("other"), cost("ab"), cost("abc")]).toEqual([6, 1, 6, 1]);
});

test("a vendor's list counts for what is asked of it by whatever name, and for nobody else's models", () => {
  const providers = {
    work: { base_url: "https://api.openai.com/v1", wire_format: "openai-responses" },
    elsewhere: { base_url: "https://api.openai.com.example/v1" },
    local: { base_url: "http://127.0.0.1:11434/v1", allow_private: true },
  };
  const list = pricesOf(v.parse(configSchema, { providers: { ...providers, openai: {} } }));
  const cost = (backend: string) => list.cost(backend, "gpt-5.5", { ...noUsage, inputTokens: 1000 });
  expect(cost("work")).toBe(cost("openai"));
  expect([cost("openai"), cost("elsewhere"), cost("local")]).toEqual([expect.any(Number), null, null]);
});
