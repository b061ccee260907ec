import { expect, test } from "bun:test";

import { listedModels, type ModelNames } from "./model-names.ts";

const offered = [
  { id: "claude-sonnet-5-5", displayName: "Sonnet", aliases: ["default", "sonnet"] },
  { id: "claude-haiku-5-5", displayName: "Haiku", aliases: ["haiku"] },
];

const names: ModelNames = {
  aliases: new Map([["fast", { model: "haiku", mode: "chat" }]]),
  versions: new Map([
    ["sonnet", "claude-sonnet-4-6"],
    ["quick", "claude-haiku-5-5"],
  ]),
  openaiNames: new Map([["gpt-4o", "sonnet"]]),
  passthrough: false,
};

test("the list has pinned families where they are pinned, aliases, and the names of OpenAI's", () => {
  expect(listedModels(offered, names)).toEqual([
    { id: "claude-sonnet-5-5", displayName: "Sonnet", aliases: ["default"] },
    { id: "claude-haiku-5-5", displayName: "Haiku", aliases: ["haiku", "quick"] },
    { id: "claude-sonnet-4-6", displayName: "claude-sonnet-4-6", aliases: ["sonnet"] },
    {
      id: "fast",
      displayName: "fast (haiku, chat mode)",
      aliases: [],
      description: "Stands for haiku with chat mode.",
    },
    { id: "gpt-4o", displayName: "gpt-4o", aliases: [], description: "Stands for sonnet; no model of OpenAI's." },
  ]);
});

test("an alias says what it stands for", () => {
  const aliases = new Map([
    ["planner", { model: "opus", effort: "high", mode: "agent", workspace: "site" }],
    ["plain", {}],
  ] as const);
  expect(listedModels([], { ...names, aliases, versions: new Map(), openaiNames: new Map() })).toMatchObject([
    {
      displayName: "planner (opus, high effort, agent mode, workspace site)",
      description: "Stands for opus with high effort, agent mode, workspace site.",
    },
    { displayName: "plain (the default model)", description: "Stands for the default model." },
  ]);
});
