import { expect, test } from "bun:test";

import type { RequestFeatures } from "#core/request.ts";

import { resolveRun } from "./resolve.ts";
import type { RunOptions } from "./rule-options.ts";
import { asking } from "./testing/asking.ts";

const headers = { mode: undefined, tools: undefined, verbosity: undefined, model: undefined, effort: undefined };

function resolve(rule: RunOptions, features: RequestFeatures = {}, model = "opus") {
  const aliases = new Map([["alias", { effort: "max", mode: "agent" }]] as const);
  const names = { aliases, versions: new Map(), openaiNames: new Map(), passthrough: true };
  const rest = { modes: ["agent", "chat"], defaultMode: "agent", defaultVerbosity: "text-only", rule } as const;
  return resolveRun(asking(features, model), headers, { ...names, ...rest });
}

// proves("upstream-rule-options")
test("a rule's effort and mode hold where neither the request nor an alias says otherwise", () => {
  const { request, mode } = resolve({ effort: "low", mode: "chat" });
  expect([request.features.effort, mode]).toEqual(["low", "chat"]);
  expect(request.featureFields).toEqual({ effort: "routing.rules.effort" });
  expect(resolve({ effort: "low" }, { effort: "high" }).request.features.effort).toBe("high");
  const aliased = resolve({ effort: "low", mode: "chat" }, {}, "alias");
  expect([aliased.request.features.effort, aliased.mode]).toEqual(["max", "agent"]);
});

const set = (rule: RunOptions, features: RequestFeatures = {}) => resolve(rule, features).request;

test("its temperature, service tier and budget for thinking hold where the client says nothing of them", () => {
  const { features, featureFields } = set({ temperature: 0, serviceTier: "flex", thinkingBudget: 2000 });
  expect(features).toEqual({
    temperature: 0,
    serviceTier: "flex",
    reasoning: { mode: "budget", budgetTokens: 2000 },
  });
  expect(featureFields).toEqual({
    temperature: "routing.rules.temperature",
    serviceTier: "routing.rules.service_tier",
    reasoning: "routing.rules.thinking_budget",
  });
  const own = { temperature: 1, serviceTier: "auto", reasoning: { mode: "adaptive" } } as const;
  const kept = set({ temperature: 0, serviceTier: "flex", thinkingBudget: 0 }, own);
  expect([kept.features, kept.featureFields]).toEqual([own, {}]);
  expect(set({ thinkingBudget: 0 }).features.reasoning).toEqual({ mode: "disabled" });
  expect(set({ thinkingBudget: 0 }, { effort: "low" }).features.reasoning).toBeUndefined();
});

test("an answer has no more tokens than it says, and never more than the client says", () => {
  const limit = (features: RequestFeatures) => set({ maxOutputTokens: 100 }, features);
  expect(limit({})).toMatchObject({ features: { maxOutputTokens: 100 } });
  expect(limit({ maxOutputTokens: 200 }).featureFields).toEqual({ maxOutputTokens: "routing.rules.max_output_tokens" });
  expect(limit({ maxOutputTokens: 50 })).toMatchObject({ features: { maxOutputTokens: 50 }, featureFields: {} });
});

test("thinking fits into an answer that a rule has made shorter, or is left out", () => {
  const reasoning = { mode: "budget", budgetTokens: 5000 } as const;
  const thought = (rule: RunOptions, features: RequestFeatures) => set(rule, features).features.reasoning;
  expect(thought({ maxOutputTokens: 3000 }, { reasoning })).toEqual({ mode: "budget", budgetTokens: 2999 });
  expect(thought({ maxOutputTokens: 500 }, { reasoning })).toEqual({ mode: "disabled" });
  expect(thought({ thinkingBudget: 5000 }, { maxOutputTokens: 2000 })).toEqual({ mode: "budget", budgetTokens: 1999 });
  expect(thought({ temperature: 0 }, { reasoning, maxOutputTokens: 10 })).toEqual(reasoning);
});

test("its system prompt stands before the client's", () => {
  expect(set({ systemPrompt: "Be brief." }).system).toEqual(["Be brief."]);
});
