import { describe, expect, test } from "bun:test";

import { effortFor, isOpenaiModel, loweredEffort, reasons, refusedFeatures } from "./model-limits.ts";
import type { RequestFeature, RequestFeatures } from "./request.ts";

const off: RequestFeatures = { reasoning: { mode: "disabled" } };

test.each<[string, boolean, boolean | undefined]>([
  ["gpt-4o", true, false],
  ["gpt-5", true, true],
  ["openai/gpt-5.2", true, true],
  ["gpt-6.1-sol", true, true],
  ["gpt-5-chat-latest", true, false],
  ["o3-mini", true, true],
  ["chatgpt-4o-latest", true, false],
  ["gpt-oss-120b", false, undefined],
  ["deepseek-v4-pro", false, undefined],
  ["openhermes", false, undefined],
])("%s: OpenAI's %p, thinks %p", (model, isOpenai, thinks) => {
  expect(isOpenaiModel(model)).toBe(isOpenai);
  expect(reasons(model)).toBe(thinks);
});

describe("features", () => {
  test.each<[string, RequestFeatures, RequestFeature[]]>([
    ["gpt-4o", {}, ["effort", "reasoning"]],
    ["gpt-4o", off, ["effort"]],
    ["gpt-5", {}, ["temperature", "topP", "stopSequences"]],
    ["gpt-5", off, ["reasoning", "temperature", "topP", "stopSequences"]],
    ["gpt-5.2", off, ["effort", "stopSequences"]],
    ["gemini-3.1-pro-preview", off, ["reasoning"]],
    ["gemini-2.5-flash", off, ["effort"]],
    ["llama-9", {}, []],
  ])("of %s with %j: it refuses %p", (model, features, refused) => {
    expect(refusedFeatures(model, features)).toEqual(refused);
  });
});

describe("an effort", () => {
  test.each<[string, RequestFeatures, string | undefined]>([
    ["gpt-6-sol", { effort: "max" }, "max"],
    ["gpt-5.2", { effort: "max" }, "xhigh"],
    ["gpt-5.1", { effort: "xhigh" }, "high"],
    ["gemini-3.8-flash", { effort: "max" }, "high"],
    ["deepseek-v4-pro", { effort: "max" }, "max"],
    ["llama-9", off, "none"],
    ["gpt-4o", off, undefined],
    ["llama-9", { reasoning: { mode: "budget", budgetTokens: 1024 } }, "low"],
    ["llama-9", { reasoning: { mode: "budget", budgetTokens: 8192 } }, "medium"],
    ["llama-9", { reasoning: { mode: "budget", budgetTokens: 32_000 } }, "high"],
    ["llama-9", { reasoning: { mode: "adaptive" } }, undefined],
    ["llama-9", {}, undefined],
  ])("of %s asked for %j is %p", (model, features, effort) => {
    expect(effortFor(model, features)).toBe(effort as ReturnType<typeof effortFor>); // The table's own word.
  });

  test.each<[string, RequestFeatures, string[]]>([
    ["gpt-5.5", { effort: "max" }, ["X-CC-Effort"]],
    ["gpt-5.5", { effort: "xhigh" }, []],
    ["gpt-6-sol", { effort: "max" }, []],
    ["gpt-5.5", { effort: "low", ...off }, ["X-CC-Effort"]],
    ["gpt-5", { reasoning: { mode: "budget", budgetTokens: 100_000 } }, []],
  ])("of %s asked for %j is less in %j", (model, features, fields) => {
    expect(loweredEffort(model, { features, featureFields: { effort: "X-CC-Effort" } })).toEqual(fields);
  });
});
