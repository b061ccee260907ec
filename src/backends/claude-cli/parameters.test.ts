import { describe, expect, test } from "bun:test";

import { flagSettings, unsupportedFeatures } from "./parameters.ts";

const bodyOf = (settings: ReturnType<typeof flagSettings>): unknown =>
  JSON.parse(settings.env["CLAUDE_CODE_EXTRA_BODY"] ?? "null");

describe("the settings of a turn", () => {
  test("without any reset everything an earlier turn may have set", () => {
    expect(flagSettings({ model: undefined, features: {}, messages: undefined })).toEqual({
      effortLevel: null,
      env: { CLAUDE_CODE_EXTRA_BODY: "", CLAUDE_CODE_MAX_OUTPUT_TOKENS: "" },
    });
  });

  test("carry a limit of 0 as 0", () => {
    const settings = flagSettings({ model: undefined, features: { maxOutputTokens: 0 }, messages: undefined });
    expect(bodyOf(settings)).toEqual({ max_tokens: 0 });
  });

  test.each([
    [
      { mode: "adaptive", display: "summarized" },
      { type: "adaptive", display: "summarized" },
    ],
    [
      { mode: "budget", budgetTokens: 2000 },
      { type: "enabled", budget_tokens: 2000 },
    ],
    [{ mode: "between-tools" }, { type: "between_tools" }],
    [{ mode: "disabled" }, { type: "disabled" }],
  ] as const)("name reasoning as the API does: %o", (reasoning, thinking) => {
    expect(bodyOf(flagSettings({ model: undefined, features: { reasoning }, messages: undefined }))).toEqual({
      thinking,
    });
  });

  test("leave reasoning that was asked for beside sampling", () => {
    const features = { temperature: 1, reasoning: { mode: "adaptive" } } as const;
    expect(bodyOf(flagSettings({ model: undefined, features, messages: undefined }))).toEqual({
      temperature: 1,
      thinking: { type: "adaptive" },
    });
  });
});

test("what cannot be honoured is named", () => {
  expect(
    unsupportedFeatures({
      temperature: 1,
      tools: [],
      toolChoice: { type: "auto" },
      responseFormat: { type: "text" },
      user: "u",
    }),
  ).toEqual(["tools", "toolChoice", "user"]);
  expect(unsupportedFeatures({ responseFormat: { type: "json-object" } })).toEqual(["responseFormat"]);
});
