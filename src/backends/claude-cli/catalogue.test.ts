import { expect, test } from "bun:test";

import { modelsOf } from "./catalogue.ts";

test("each model comes once, under its full name, with all it answers to", () => {
  const models = [
    {
      value: "default",
      resolvedModel: "claude-opus-5-5",
      displayName: "Default (recommended)",
      description: "Use the default",
    },
    { value: "opus", resolvedModel: "claude-opus-5-5", displayName: "Opus", description: "Opus 5.5" },
    { value: "claude-extra", displayName: "Extra" },
    { novelty: true },
  ];
  expect(modelsOf({ models })).toEqual([
    { id: "claude-opus-5-5", displayName: "Opus", description: "Opus 5.5", aliases: ["default", "opus"] },
    { id: "claude-extra", displayName: "Extra", aliases: [] },
  ]);
});

test("an answer that offers none is not a catalogue", () => {
  expect(modelsOf({ models: [] })).toBeUndefined();
  expect(modelsOf({ commands: [] })).toBeUndefined();
});
