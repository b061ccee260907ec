import { expect, test } from "bun:test";

import { obeysForcedCalls } from "./client-tools.ts";

const forced = [{ toolChoice: { type: "required" } }, { toolChoice: { type: "tool", name: "a" } }] as const;

test("a model that refuses a forced call is not asked for one", () => {
  for (const model of ["claude-sonnet-5-5", "us.anthropic.claude-opus-5-5-v1:0", "claude-fable-5-1"]) {
    for (const features of forced) expect(() => obeysForcedCalls(features, model)).toThrow(`${model} cannot be made`);
    expect(obeysForcedCalls({ toolChoice: { type: "none" } }, model)).toBe(false);
  }
});

test("others are, and an alias that is not resolved yet only where the client says so", () => {
  for (const features of forced) {
    for (const model of ["claude-haiku-5-5", "claude-opus-4-8", "claude-fable-5"])
      expect(obeysForcedCalls(features, model)).toBe(true);
    expect(obeysForcedCalls(features, "sonnet")).toBe(false);
  }
});
