import { describe, expect, test } from "bun:test";

import type { RequestFeatures } from "#core/request.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";
import { decodeRequest } from "#wire/anthropic-messages/request.ts";

import { encodeRequest, unsupported } from "./request.ts";

const tool = { name: "now", inputSchema: { type: "object", properties: {} } };

function request(features: RequestFeatures, more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    wireFormat: "openai-chat",
    model: "claude-haiku-5-5",
    system: [],
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    stream: false,
    includeUsage: true,
    features,
    featureFields: {},
    ignoredFields: [],
    ...more,
  };
}

const fieldOf: Partial<Record<keyof RequestFeatures, string>> = {
  temperature: "temperature",
  topP: "top_p",
  reasoning: "thinking",
  effort: "effort",
  responseFormat: "format",
};
const bodyOf = (features: RequestFeatures, more?: Partial<UpstreamRequest>) =>
  encodeRequest(request(features, more)).body;

describe("a request", () => {
  test("without a limit gets the configuration's, and thinks within it", () => {
    const more = { model: "mine", longestAnswer: 1500 };
    expect(bodyOf({}, more)).toMatchObject({ max_tokens: 1500 });
    expect(bodyOf({ effort: "high" }, more)).toMatchObject({ thinking: { budget_tokens: 1499 } });
    expect(bodyOf({ maxOutputTokens: 9 }, more)).toMatchObject({ max_tokens: 9 });
  });

  test("of this format says again what it said", () => {
    const body = {
      model: "claude-sonnet-4-6",
      max_tokens: 50,
      system: [{ type: "text", text: "Be brief." }],
      messages: [
        { role: "user", content: [{ type: "text", text: "look" }] },
        { role: "assistant", content: [{ type: "tool_use", id: "t", name: "now", input: { a: 1 } }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: [], is_error: true }] },
      ],
      thinking: { type: "enabled", budget_tokens: 20, display: "omitted" },
      output_config: {
        effort: "high",
        format: { type: "json_schema", schema: { type: "object", additionalProperties: true } },
      },
      tools: [
        { name: "now", description: "The time.", input_schema: { type: "object" }, defer_loading: true },
        { type: "web_search_20250305", name: "web_search" },
      ],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
      service_tier: "standard_only",
      metadata: { user_id: "u" },
      stop_sequences: ["END"],
      stream: true,
    };
    const decoded = decodeRequest(body);
    const again = encodeRequest({ ...decoded, model: body.model }).body;
    expect(again).toEqual({ ...body, cache_control: { type: "ephemeral" } });
  });

  test("has no stop sequence that the API refuses, and says so", () => {
    const stopping = (...stopSequences: string[]) => ({ stopSequences });
    expect(unsupported(request(stopping("END", "\n")))).toEqual(["stopSequences"]);
    expect(bodyOf(stopping("END", " \n"))).toMatchObject({ stop_sequences: ["END"] });
    expect(bodyOf(stopping("\n"))).not.toHaveProperty("stop_sequences");
    expect(unsupported(request(stopping("\nEND")))).toEqual([]);
  });

  // proves("request-ignored-params")
  test("of this format is cached up to where it says, for as long as it says", () => {
    const hour = { cache_control: { type: "ephemeral", ttl: "1h" } };
    const minutes = { cache_control: { type: "ephemeral" } };
    const text = (said: string, mark = {}) => ({ type: "text", text: said, ...mark });
    const call = { type: "tool_use", id: "t", name: "now", input: {} };
    const result = { type: "tool_result", tool_use_id: "t", content: [text("noon", minutes)], is_error: false };
    const body = {
      model: "deepseek-chat",
      max_tokens: 50,
      system: [text("Be brief.", hour), text("Be kind.")],
      messages: [
        { role: "user", content: [text("look", minutes), text("again")] },
        { role: "assistant", content: [text("Looking."), { ...call, ...minutes }] },
        { role: "user", content: [{ ...result, ...hour }] },
      ],
      tools: [{ name: "now", input_schema: { type: "object" }, ...hour }],
    };
    const again = (said: object) => {
      const decoded = decodeRequest(said);
      // As a rule adds it.
      return encodeRequest({ ...decoded, system: ["First.", ...decoded.system], model: body.model }).body;
    };
    const told = { ...body, system: [text("First."), ...body.system] };
    expect(again(body)).toEqual(told);
    expect(again({ ...body, ...hour })).toEqual({ ...told, ...hour });
  });

  test("marked in instructions amid the conversation is marked there, or among the first of them", () => {
    const hour = { cache_control: { type: "ephemeral", ttl: "1h" } };
    const rule = (text: string) => ({ role: "system", content: [{ type: "text", text, ...hour }] });
    const user = { role: "user", content: [{ type: "text", text: "hi" }] };
    const decoded = decodeRequest({ max_tokens: 9, messages: [rule("First."), user, rule("Later.")] });
    expect(encodeRequest({ ...decoded, model: "claude-haiku-5-5" }).body).toEqual({
      model: "claude-haiku-5-5",
      max_tokens: 9,
      system: [{ type: "text", text: "First.", ...hour }],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "hi" },
            { type: "text", text: "<system-message>\nLater.\n</system-message>", ...hour },
          ],
        },
      ],
    });
  });

  test("has the limit the API needs: the model's own where the client has none", () => {
    expect(bodyOf({})["max_tokens"]).toBe(128_000);
    expect(bodyOf({}, { model: "claude-opus-4-1" })["max_tokens"]).toBe(32_000);
    expect(bodyOf({}, { model: "deepseek-chat" })).toMatchObject({ max_tokens: 8192 });
    expect(bodyOf({}, { model: "deepseek-chat" })).not.toHaveProperty("cache_control");
  });

  test.each<[string, RequestFeatures, object]>([
    ["claude-sonnet-5-5", { effort: "high" }, { thinking: { type: "adaptive" }, output_config: { effort: "high" } }],
    ["claude-haiku-4-5", { effort: "medium" }, { thinking: { type: "enabled", budget_tokens: 8192 } }],
    [
      "claude-haiku-4-5",
      { effort: "max", maxOutputTokens: 3000 },
      { thinking: { type: "enabled", budget_tokens: 2999 } },
    ],
    ["claude-haiku-5-5", { reasoning: { mode: "disabled" } }, { thinking: { type: "disabled" } }],
    ["claude-haiku-4-5", { temperature: 0.2, topK: 3 }, { temperature: 0.2, top_k: 3 }],
    ["claude-haiku-4-5", { tools: [tool], toolChoice: { type: "required" } }, { tool_choice: { type: "any" } }],
    [
      "claude-haiku-4-5",
      { tools: [tool], toolChoice: { type: "none" }, parallelToolCalls: false },
      { tool_choice: { type: "none" } },
    ],
    [
      "claude-haiku-5-5",
      { responseFormat: { type: "json-schema", schema: { type: "object", properties: { a: { type: "object" } } } } },
      {
        output_config: {
          format: {
            type: "json_schema",
            schema: {
              type: "object",
              properties: { a: { type: "object", additionalProperties: false } },
              additionalProperties: false,
            },
          },
        },
      },
    ],
    [
      "claude-haiku-5-5",
      { responseFormat: { type: "json-object" } },
      { system: [{ type: "text", text: expect.stringContaining("JSON") }] },
    ],
  ])("to %s with %o says so", (model, features, body) => {
    expect(bodyOf(features, { model })).toMatchObject(body);
    expect(unsupported(request(features, { model }))).toEqual([]);
  });

  test.each<[string, RequestFeatures, (keyof RequestFeatures)[]]>([
    ["claude-sonnet-5-5", { temperature: 0.5, reasoning: { mode: "disabled" } }, ["temperature", "reasoning"]],
    ["claude-haiku-4-5", { temperature: 0.5, topP: 0.5 }, ["topP"]],
    ["claude-haiku-4-5", { temperature: 0.5, effort: "low" }, ["temperature"]],
    ["claude-haiku-4-5", { effort: "low", maxOutputTokens: 100 }, ["effort"]],
    ["claude-haiku-4-5", { effort: "low", tools: [tool], toolChoice: { type: "required" } }, ["effort"]],
    ["claude-opus-4", { responseFormat: { type: "json-schema", schema: {} } }, ["responseFormat"]],
  ])("to %s leaves out of %o what it names", (model, features, left) => {
    expect(unsupported(request(features, { model })).toSorted()).toEqual(left.toSorted());
    const { output_config: config = {}, ...body } = bodyOf(features, { model });
    for (const feature of left) expect({ ...body, ...(config as object) }).not.toHaveProperty(fieldOf[feature] ?? ""); // An object, where there is one.
  });

  test("leaves the choice to a model that cannot be made to call a tool, and names that", () => {
    const forced = request({ tools: [tool], toolChoice: { type: "required" } }, { model: "claude-opus-5-5" });
    expect(unsupported(forced)).toEqual(["toolChoice"]);
    expect(encodeRequest(forced).body).not.toHaveProperty("tool_choice");
  });

  test("gives a tool another name where the API would refuse its own, and says so", () => {
    const { body, renamedTools } = encodeRequest(
      request({ tools: [{ ...tool, name: "wetter.für" }], toolChoice: { type: "tool", name: "wetter.für" } }),
    );
    const [renamed] = renamedTools ?? [];
    expect(renamed).toMatchObject({ name: "wetter.für", as: expect.stringMatching(/^wetter_f_r_[0-9a-f]{8}$/) });
    expect(body).toMatchObject({ tools: [{ name: renamed?.as }], tool_choice: { name: renamed?.as } });
  });

  test("names the reasoning that nobody signed, and leaves it out", () => {
    const said = {
      role: "assistant" as const,
      content: [
        { type: "reasoning" as const, text: "hm", field: "messages[1].reasoning_content" },
        { type: "text" as const, text: "a" },
      ],
    };
    const { body, ignoredFields } = encodeRequest(request({}, { messages: [said] }));
    expect(ignoredFields).toEqual(["messages[1].reasoning_content"]);
    expect(JSON.stringify(body)).not.toContain("hm");
  });
});
