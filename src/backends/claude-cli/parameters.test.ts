import { describe, expect, test } from "bun:test";

import { flagSettings, supportedFeatures, unsupportedFeatures } from "./parameters.ts";

const chat = { mode: "chat", tools: "client" } as const;
const agent = { mode: "agent", tools: "agent" } as const;

const bodyOf = (settings: ReturnType<typeof flagSettings>): unknown =>
  JSON.parse(settings.env["CLAUDE_CODE_EXTRA_BODY"] ?? "null");

describe("the settings of a turn", () => {
  test("without any reset everything an earlier turn may have set", () => {
    expect(flagSettings({ setup: chat, model: undefined, features: {}, messages: undefined })).toEqual({
      effortLevel: null,
      env: { CLAUDE_CODE_EXTRA_BODY: "", CLAUDE_CODE_MAX_OUTPUT_TOKENS: "" },
    });
  });

  test("carry a limit of 0 as 0", () => {
    const settings = flagSettings({
      setup: chat,
      model: undefined,
      features: { maxOutputTokens: 0 },
      messages: undefined,
    });
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
    expect(
      bodyOf(flagSettings({ setup: chat, model: undefined, features: { reasoning }, messages: undefined })),
    ).toEqual({
      thinking,
    });
  });

  test("leave reasoning that was asked for beside sampling", () => {
    const features = { temperature: 1, reasoning: { mode: "adaptive" } } as const;
    expect(bodyOf(flagSettings({ setup: chat, model: undefined, features, messages: undefined }))).toEqual({
      temperature: 1,
      thinking: { type: "adaptive" },
    });
  });
});

test("a schema is forced only on a model that takes it", () => {
  const features = { responseFormat: { type: "json-object" } } as const;
  const settings = { setup: chat, model: undefined, features, messages: undefined };
  expect(bodyOf(flagSettings({ ...settings, canForce: true }))).toEqual({
    tool_choice: { type: "tool", name: "StructuredOutput" },
    thinking: { type: "disabled" },
  });
  expect(flagSettings({ ...settings, canForce: false }).env["CLAUDE_CODE_EXTRA_BODY"]).toBe("");
});

test("a call is forced on no model that refuses that, nor on an alias that may stand for one", () => {
  const isLeft = (model: string) =>
    unsupportedFeatures({ toolChoice: { type: "required" } }, model, chat).includes("toolChoice");
  const refusing = ["claude-sonnet-5-5", "us.anthropic.claude-opus-5-5-v1:0", "claude-fable-5-1", "sonnet", "opus[1m]"];
  expect(refusing.filter((model) => !isLeft(model))).toEqual([]);
  const obeying = ["claude-haiku-5-5", "claude-opus-4-8", "claude-fable-5", "haiku"];
  expect(obeying.filter(isLeft)).toEqual([]);
  expect(unsupportedFeatures({ toolChoice: { type: "none" } }, "claude-sonnet-5-5", chat)).toEqual([]);
  const both = { mode: "agent", tools: "both" } as const;
  expect(unsupportedFeatures({ toolChoice: { type: "required" } }, "claude-sonnet-5-5", both)).toEqual([]);
});

test("what cannot be honoured is named", () => {
  expect(
    unsupportedFeatures(
      { temperature: 1, tools: [], toolChoice: { type: "auto" }, responseFormat: { type: "text" }, user: "u" },
      "claude-sonnet-4-5",
      agent,
    ),
  ).toEqual(["user", "tools", "toolChoice"]);
});

test("stop sequences that the API refuses are left out and named, the others kept", () => {
  const stopping = (...stopSequences: string[]) => [{ stopSequences }, "claude-haiku-4-5", chat] as const;
  expect(unsupportedFeatures(...stopping("END", "\n\n"))).toEqual(["stopSequences"]);
  expect(supportedFeatures(...stopping("END", "\n\n"))).toEqual({ stopSequences: ["END"] });
  expect(supportedFeatures(...stopping("\n"))).toEqual({});
  expect(unsupportedFeatures(...stopping("\nEND"))).toEqual([]);
});

test.each([
  ["claude-opus-5-5", false],
  ["claude-sonnet-5", false],
  ["claude-haiku-5-5", false],
  ["claude-fable-5-2", false],
  ["claude-opus-4-8[1m]", false],
  ["us.anthropic.claude-opus-4-7-v1:0", false],
  ["opus[1m]", false],
  ["default", false],
  ["claude-opus-4-6", true],
  ["claude-sonnet-4-5-20250929", true],
  ["claude-haiku-4-5", true],
  ["claude-opus-4-20250514", true],
  ["claude-3-5-haiku-20241022", true],
  ["a-model-of-a-gateway", true],
])("sampling for %s is sent: %p", (model, sent) => {
  const features = { temperature: 0, topP: 0.5, topK: 3, maxOutputTokens: 9 };
  expect(supportedFeatures(features, model, chat)).toEqual(sent ? features : { maxOutputTokens: 9 });
});
