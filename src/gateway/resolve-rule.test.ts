import { expect, test } from "bun:test";

import type { RequestFeatures } from "#core/request.ts";

import { resolveRun } from "./resolve.ts";
import type { RunOptions } from "./routing.ts";
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
