import { describe, expect, test } from "bun:test";

import type { RequestFeatures } from "#core/request.ts";
import { decodeRequest } from "#wire/openai-chat/request.ts";
import { requestOf } from "#wire/testing/conversations.ts";

import { encodeRequest, unsupported } from "./request.ts";

const tool = { name: "now", description: "The time.", inputSchema: { type: "object", properties: { a: {} } } };
const bodyOf = (features: RequestFeatures, model = "any") => encodeRequest(requestOf({ features, model })).body;

describe("a request", () => {
  test("of this format says again what it said", () => {
    const body = {
      model: "gpt-4o",
      messages: [
        { role: "system", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image_url", image_url: { url: "https://x/y" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "t", type: "function", function: { name: "now", arguments: '{"a":1}' } }],
        },
        { role: "tool", tool_call_id: "t", content: "noon" },
      ],
      max_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      stop: ["END"],
      service_tier: "default",
      user: "u",
      tools: [{ type: "function", function: { name: "now", description: "The time.", parameters: tool.inputSchema } }],
      tool_choice: { type: "function", function: { name: "now" } },
      parallel_tool_calls: false,
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "it",
          schema: { type: "object", properties: {}, required: [], additionalProperties: false },
          strict: true,
        },
      },
      stream: true,
      stream_options: { include_usage: true },
    };
    const decoded = decodeRequest(body);
    expect(encodeRequest({ ...decoded, model: body.model })).toEqual({ body, ignoredFields: [], renamedTools: [] });
    expect(unsupported({ ...decoded, model: body.model })).toEqual([]);
  });

  test.each<[string, RequestFeatures, object]>([
    ["gpt-5.2", { maxOutputTokens: 9 }, { max_completion_tokens: 9 }],
    ["o3-mini", { maxOutputTokens: 9 }, { max_completion_tokens: 9 }],
    ["gpt-4o", { maxOutputTokens: 9 }, { max_tokens: 9 }],
    ["llama-9", { maxOutputTokens: 9 }, { max_tokens: 9 }],
    ["gpt-6-sol", { effort: "max" }, { reasoning_effort: "max" }],
    ["llama-9", { effort: "low" }, { reasoning_effort: "low" }],
    ["llama-9", { reasoning: { mode: "disabled" } }, { reasoning_effort: "none" }],
    ["deepseek-v4-pro", { reasoning: { mode: "disabled" } }, { thinking: { type: "disabled" } }],
    ["deepseek/deepseek-v4-pro", { reasoning: { mode: "disabled" } }, { reasoning_effort: "none" }],
    ["gpt-5.2", { reasoning: { mode: "disabled" }, temperature: 0.5 }, { reasoning_effort: "none", temperature: 0.5 }],
    ["llama-9", { reasoning: { mode: "budget", budgetTokens: 1024 } }, { reasoning_effort: "low" }],
    ["llama-9", { serviceTier: "auto" }, { service_tier: "auto" }],
    ["llama-9", { user: "u".repeat(65) }, { user: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    ["llama-9", { responseFormat: { type: "json-object" } }, { response_format: { type: "json_object" } }],
    [
      "llama-9",
      { responseFormat: { type: "json-schema", schema: { type: "object" } } },
      { response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } } },
    ],
    ["llama-9", { tools: [tool], toolChoice: { type: "required" } }, { tool_choice: "required" }],
    ["llama-9", { tools: [tool], toolChoice: { type: "none" } }, { tool_choice: "none" }],
    [
      "llama-9",
      { tools: [{ name: "now", inputSchema: { type: "object" } }] },
      { tools: [{ function: { parameters: { type: "object", properties: {} } } }] },
    ],
  ])("to %s with %j says %j", (model, features, body) => {
    expect(bodyOf(features, model)).toMatchObject(body);
    expect(unsupported(requestOf({ features, model }))).toEqual([]);
  });

  test("asks for nothing that its client did not", () => {
    for (const model of ["gpt-4o", "gpt-5.2", "llama-9"])
      expect(
        bodyOf({ reasoning: { mode: "adaptive" }, toolChoice: { type: "auto" } }, model === "gpt-4o" ? "x" : model),
      ).toEqual({
        model: model === "gpt-4o" ? "x" : model,
        messages: [{ role: "user", content: "hi" }],
      });
  });

  test.each([
    ["llama-9", { temperature: 1, top_p: 1 }, { temperature: 1, top_p: 1 }],
    ["llama-9", { temperature: 1.5 }, { temperature: 1 }],
    ["llama-9", { temperature: 0.5, top_p: 1 }, { temperature: 0.5, top_p: 1 }],
    ["gpt-5", { temperature: 1, top_p: 1 }, {}],
  ])("to %s with %j says %j: another server has another default", (model, sampling, said) => {
    const decoded = decodeRequest({ model, messages: [{ role: "user", content: "hi" }], ...sampling });
    const { temperature, top_p } = encodeRequest({ ...decoded, model }).body;
    expect({ temperature, top_p }).toEqual({ temperature: undefined, top_p: undefined, ...said });
    expect(unsupported({ ...decoded, model })).toEqual([]);
  });

  test.each<[string, RequestFeatures, (keyof RequestFeatures)[], string[]]>([
    ["llama-9", { topK: 3 }, ["topK"], ["top_k"]],
    ["llama-9", { stopSequences: ["a", "b", "c", "d", "e"] }, ["stopSequences"], ["stop"]],
    ["llama-9", { vendorTools: [{ wireFormat: "anthropic-messages", value: {} }] }, ["vendorTools"], ["tools"]],
    ["gpt-5", { temperature: 0.5, topP: 0.5 }, ["temperature", "topP"], ["temperature", "top_p"]],
    ["gpt-5", { reasoning: { mode: "disabled" } }, ["reasoning"], ["reasoning_effort"]],
    ["gpt-4o", { effort: "low" }, ["effort"], ["reasoning_effort"]],
  ])("to %s leaves out of %j what it names", (model, features, left, fields) => {
    expect(unsupported(requestOf({ features, model }))).toEqual(left);
    for (const field of fields) expect(bodyOf(features, model)).not.toHaveProperty(field);
  });

  test.each<[string, RequestFeatures, string[]]>([
    ["gpt-5.5", { effort: "max" }, ["reasoning_effort"]],
    ["gpt-5.5", { effort: "high" }, []],
    ["gpt-5", { effort: "high", reasoning: { mode: "disabled" } }, []],
    ["gpt-4o", { effort: "max" }, []],
  ])("to %s with %j names what has less effort than was asked for: %j", (model, features, fields) => {
    const request = requestOf({ features, featureFields: { effort: "reasoning_effort" }, model });
    expect(encodeRequest(request).ignoredFields).toEqual(fields);
  });

  test("gives a tool another name where the API would refuse its own, also in what was said, and says so", () => {
    const name = "wetter.für";
    const { body, renamedTools } = encodeRequest(
      requestOf({
        features: { tools: [{ ...tool, name }], toolChoice: { type: "tool", name } },
        messages: [
          { role: "assistant", content: [{ type: "tool-call", callId: "1", toolName: name, input: {} }] },
          { role: "user", content: [{ type: "tool-result", callId: "1", content: [], isError: false }] },
        ],
      }),
    );
    const [renamed] = renamedTools ?? [];
    expect(renamed).toMatchObject({ name, as: expect.stringMatching(/^wetter_f_r_[0-9a-f]{8}$/) });
    const called = { function: { name: renamed?.as } };
    expect(body).toMatchObject({ tools: [called], tool_choice: called, messages: [{ tool_calls: [called] }, {}] });
  });
});
