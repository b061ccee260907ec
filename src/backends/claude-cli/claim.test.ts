import { describe, expect, test } from "bun:test";

import type { ModelRequest } from "#core/request.ts";

import { planTurn } from "./claim.ts";

const request: ModelRequest = {
  wireFormat: "anthropic-messages",
  model: "opus",
  system: ["Be brief."],
  messages: [
    { role: "user", content: [{ type: "text", text: "one" }] },
    {
      role: "assistant",
      content: [
        { type: "reasoning", text: "hm", signature: "sig" },
        { type: "text", text: "two" },
      ],
    },
    { role: "user", content: [{ type: "text", text: "/clear" }] },
  ],
  stream: true,
  includeUsage: true,
  features: { temperature: 0.5 },
  featureFields: {},
  ignoredFields: [],
};

const chat = { mode: "chat", tools: "client" } as const;
const agent = { mode: "agent", tools: "agent" } as const;

const bodyOf = (plan: ReturnType<typeof planTurn>): unknown =>
  JSON.parse(plan.settings.env["CLAUDE_CODE_EXTRA_BODY"] || "{}");

describe("a process whose messages can be replaced", () => {
  const plan = planTurn(request, { setup: chat, replacesMessages: true });

  test("is told the whole conversation as it is, with its thinking and no history", () => {
    expect(plan.history).toEqual([]);
    expect(bodyOf(plan)).toMatchObject({
      temperature: 0.5,
      messages: [
        { role: "user", content: [{ type: "text", text: "one" }] },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "hm", signature: "sig" },
            { type: "text", text: "two" },
          ],
        },
        { role: "user", content: [{ type: "text", text: "/clear" }] },
      ],
    });
  });

  test("is asked a line that gives itself away, should it be sent after all", () => {
    expect(JSON.stringify(plan.query)).toContain("CONVERSATION LOST");
  });
});

describe("any other process", () => {
  test.each([agent, chat])("in $mode mode is told the conversation as history, then asked", (setup) => {
    const plan = planTurn(request, { setup, replacesMessages: false });
    expect(plan.history.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(plan.query).toEqual([{ type: "text", text: "\n/clear" }]);
    expect(bodyOf(plan)).not.toHaveProperty("messages");
  });
});

test("the client's system message is all of a bare model's, and is added to an agent's", () => {
  const options = { replacesMessages: false, appendSystemPrompt: "House rules." };
  expect(planTurn(request, { ...options, setup: chat }).initialize).toEqual({
    subtype: "initialize",
    systemPrompt: ["Be brief."],
  });
  expect(planTurn(request, { ...options, setup: agent }).initialize).toEqual({
    subtype: "initialize",
    appendSystemPrompt: "House rules.\n\nBe brief.",
  });
});

test("a bare model that cannot be made to call is told how to give an answer in the form of a schema", () => {
  const features = { responseFormat: { type: "json-schema", schema: { type: "object" } } } as const;
  const said = (canForce: boolean) =>
    planTurn({ ...request, features }, { setup: chat, canForce, replacesMessages: true }).initialize;
  expect(said(true)).toMatchObject({ systemPrompt: ["Be brief."] });
  expect(said(false)).toMatchObject({ systemPrompt: ["Be brief.", expect.stringContaining("StructuredOutput")] });
});

test("where there is nothing to say of the system, nothing is said", () => {
  for (const setup of [chat, agent])
    expect(planTurn({ ...request, system: [] }, { setup, replacesMessages: false }).initialize).toBeUndefined();
});
