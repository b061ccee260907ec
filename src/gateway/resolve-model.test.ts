import { describe, expect, test } from "bun:test";

import type { ModelRequest } from "#core/request.ts";

import type { ModelAlias } from "./model-names.ts";
import { type AskedSetup, resolveRun, type ResolveSettings } from "./resolve.ts";

const alias: ModelAlias = {
  model: "sonnet",
  effort: "low",
  systemPrompt: "You review.",
  permissionMode: "plan",
  mode: "agent",
};

const settings: ResolveSettings = {
  aliases: new Map([
    ["reviewer", alias],
    ["plain", {}],
  ]),
  versions: new Map([["sonnet", "claude-sonnet-4-6"]]),
  openaiNames: new Map([
    ["gpt-4o", "sonnet"],
    ["o3", "claude-opus-5-5"],
  ]),
  passthrough: true,
  modes: ["agent", "chat"],
  defaultMode: "agent",
  defaultVerbosity: "text-only",
};

const nothing: AskedSetup = {
  mode: undefined,
  tools: undefined,
  verbosity: undefined,
  model: undefined,
  effort: undefined,
};

function resolve(request: Partial<ModelRequest>, asked: Partial<AskedSetup> = {}) {
  const whole: ModelRequest = {
    wireFormat: "openai-chat",
    model: undefined,
    system: [],
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    stream: false,
    includeUsage: false,
    features: {},
    featureFields: {},
    ignoredFields: [],
    ...request,
  };
  return resolveRun(whole, { ...nothing, ...asked }, settings);
}

describe("the model", () => {
  test.each([
    ["a free name", "claude-x", undefined, "claude-x"],
    ["no name", undefined, undefined, undefined],
    ["a pinned family", "sonnet", undefined, "claude-sonnet-4-6"],
    ["a family that is not pinned", "opus", undefined, "opus"],
    ["an alias of a pinned family", "reviewer", undefined, "claude-sonnet-4-6"],
    ["an alias without a model", "plain", undefined, undefined],
    ["a name of OpenAI's for a pinned family", "gpt-4o", undefined, "claude-sonnet-4-6"],
    ["a name of OpenAI's", "o3", undefined, "claude-opus-5-5"],
    ["a header over a free name", "claude-x", "haiku", "haiku"],
    ["a header over an alias", "reviewer", "haiku", "haiku"],
    ["a header with a pinned family", "claude-x", "sonnet", "claude-sonnet-4-6"],
  ])("of %s", (_, model, header, expected) => {
    expect(resolve({ model }, { model: header }).request.model).toBe(expected);
  });

  test.each([
    ["claude-x", undefined, "claude-x"],
    ["opus", undefined, "opus"],
    ["reviewer", undefined, undefined],
    ["plain", undefined, undefined],
    ["gpt-4o", undefined, undefined],
    ["sonnet", undefined, undefined],
    ["reviewer", "claude-x", "claude-x"],
    ["reviewer", "sonnet", undefined],
    [undefined, undefined, undefined],
  ])("%p with header %p is the client's own name %p", (model, header, free) => {
    expect(resolve({ model }, { model: header }).freeName).toBe(free);
  });
});

test("an alias settles the rest also where a header names another model", () => {
  const { request, permissionMode } = resolve({ model: "reviewer", system: ["Be brief."] }, { model: "haiku" });
  expect(request.system).toEqual(["You review.", "Be brief."]);
  expect(request.features.effort).toBe("low");
  expect(permissionMode).toBe("plan");
});

test("the effort is the header's, then the body's, then the alias's, and is named by where it came from", () => {
  const body = {
    model: "reviewer",
    features: { effort: "max" },
    featureFields: { effort: "reasoning_effort" },
  } as const;
  const effortOf = (...given: Parameters<typeof resolve>) => {
    const { features, featureFields } = resolve(...given).request;
    return [features.effort, featureFields.effort];
  };
  expect(effortOf(body, { effort: "high" })).toEqual(["high", "X-CCProxy-Effort"]);
  expect(effortOf(body, { effort: "high", effortField: "X-CC-Effort" })).toEqual(["high", "X-CC-Effort"]);
  expect(effortOf(body)).toEqual(["max", "reasoning_effort"]);
  expect(effortOf({ model: "reviewer" })).toEqual(["low", "aliases.effort"]);
  expect(effortOf({})).toEqual([undefined, undefined]);
});

test("without an alias the agent's permission mode is the configured one", () => {
  expect(resolve({ model: "opus" }).permissionMode).toBeUndefined();
});
