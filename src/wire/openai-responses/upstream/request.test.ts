import { describe, expect, test } from "bun:test";

import type { RequestFeatures } from "#core/request.ts";
import { decodeRequest } from "#wire/openai-responses/request.ts";
import { requestOf } from "#wire/testing/conversations.ts";

import { encodeRequest, unsupported } from "./request.ts";

const tool = { name: "now", description: "The time.", inputSchema: { type: "object", properties: { a: {} } } };
const bodyOf = (features: RequestFeatures, model = "any") => encodeRequest(requestOf({ features, model })).body;

describe("a request", () => {
  test("of this format says again what it said", () => {
    const parameters = { type: "object", properties: {} };
    const words = (role: string, type: string, text: string) => ({ type: "message", role, content: [{ type, text }] });
    const body = {
      model: "gpt-5.2",
      instructions: "Be brief.",
      input: [
        words("user", "input_text", "look"),
        words("assistant", "output_text", "Let me see."),
        { type: "function_call", call_id: "c1", name: "read", namespace: "fs", arguments: '{"a":1}' },
        { type: "custom_tool_call", call_id: "c2", name: "patch", input: "*** Begin" },
        { type: "function_call_output", call_id: "c1", output: "noon" },
        { type: "custom_tool_call_output", call_id: "c2", output: "done" },
        words("developer", "input_text", "Be kind."),
        words("user", "input_text", "well?"),
      ],
      store: false,
      include: ["reasoning.encrypted_content"],
      max_output_tokens: 50,
      service_tier: "default",
      user: "u",
      reasoning: { effort: "high", summary: "auto" },
      tools: [
        {
          type: "namespace",
          name: "fs",
          description: "fs",
          tools: [{ type: "function", name: "read", description: "Reads.", parameters, strict: false }],
        },
        { type: "custom", name: "patch", description: "Patches." },
      ],
      tool_choice: { type: "custom", name: "patch" },
      parallel_tool_calls: false,
      text: {
        format: {
          type: "json_schema",
          name: "it",
          schema: { type: "object", properties: {}, required: [], additionalProperties: false },
          strict: true,
        },
      },
      stream: true,
    };
    const decoded = decodeRequest(body);
    expect(encodeRequest({ ...decoded, model: body.model })).toEqual({ body, ignoredFields: [], renamedTools: [] });
    expect(unsupported({ ...decoded, model: body.model })).toEqual([]);
  });

  test.each<[string, RequestFeatures, object]>([
    ["gpt-4o", { temperature: 0.5, topP: 0.9 }, { temperature: 0.5, top_p: 0.9 }],
    ["gpt-6-sol", { effort: "max" }, { reasoning: { effort: "max", summary: "auto" } }],
    ["gpt-5.2", { reasoning: { mode: "adaptive" } }, { reasoning: { summary: "auto" } }],
    ["gpt-5.2", { reasoning: { mode: "disabled" } }, { reasoning: { effort: "none" } }],
    [
      "gpt-5.2",
      { reasoning: { mode: "budget", budgetTokens: 9000, display: "omitted" } },
      { reasoning: { effort: "medium" } },
    ],
    ["gpt-5.2", { user: "u".repeat(65) }, { user: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    ["gpt-5.2", { responseFormat: { type: "json-object" } }, { text: { format: { type: "json_object" } } }],
    [
      "gpt-5.2",
      { responseFormat: { type: "json-schema", schema: { type: "object" } } },
      { text: { format: { type: "json_schema", name: "answer", strict: false } } },
    ],
    [
      "gpt-5.2",
      { tools: [tool], toolChoice: { type: "required" } },
      { tools: [{ type: "function", name: "now", parameters: tool.inputSchema }], tool_choice: "required" },
    ],
    [
      "gpt-5.2",
      { tools: [tool], toolChoice: { type: "tool", name: "now" } },
      { tool_choice: { type: "function", name: "now" } },
    ],
  ])("to %s with %j says %j", (model, features, body) => {
    expect(bodyOf(features, model)).toMatchObject(body);
    expect(unsupported(requestOf({ features, model }))).toEqual([]);
  });

  test("asks for nothing that its client did not, and keeps nothing", () => {
    expect(bodyOf({ toolChoice: { type: "auto" } }, "gpt-4o")).toEqual({
      model: "gpt-4o",
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] }],
      store: false,
    });
  });

  test.each([
    ["llama-9", { temperature: 1, top_p: 1 }, { temperature: 1, top_p: 1 }],
    ["llama-9", { temperature: 1.5 }, { temperature: 1 }],
    ["llama-9", { temperature: 0.5, top_p: 1 }, { temperature: 0.5, top_p: 1 }],
    ["gpt-5", { temperature: 1, top_p: 1 }, {}],
  ])("to %s with %j says %j: another server has another default", (model, sampling, said) => {
    const decoded = decodeRequest({ model, input: "hi", ...sampling });
    const { temperature, top_p } = encodeRequest({ ...decoded, model }).body;
    expect({ temperature, top_p }).toEqual({ temperature: undefined, top_p: undefined, ...said });
    expect(unsupported({ ...decoded, model })).toEqual([]);
  });

  test.each<[string, RequestFeatures, (keyof RequestFeatures)[], string[]]>([
    ["any", { topK: 3, stopSequences: ["a"] }, ["topK", "stopSequences"], ["top_k", "stop"]],
    ["any", { vendorTools: [{ wireFormat: "anthropic-messages", value: {} }] }, ["vendorTools"], ["tools"]],
    ["gpt-5", { temperature: 0.5, topP: 0.5 }, ["temperature", "topP"], ["temperature", "top_p"]],
    ["gpt-6-astra", { reasoning: { mode: "disabled" } }, ["reasoning"], ["reasoning"]],
    ["gpt-4o", { effort: "low" }, ["effort"], ["reasoning"]],
  ])("to %s leaves out of %j what it names", (model, features, left, fields) => {
    expect(unsupported(requestOf({ features, model })).toSorted()).toEqual(left.toSorted());
    for (const field of fields) expect(bodyOf(features, model)).not.toHaveProperty(field);
  });

  test("asks for the shortest answer that there is where it is to be shorter, and names that", () => {
    expect(unsupported(requestOf({ features: { maxOutputTokens: 15 }, model: "any" }))).toEqual(["maxOutputTokens"]);
    expect(bodyOf({ maxOutputTokens: 15 }, "any")).toMatchObject({ max_output_tokens: 16 });
    expect(unsupported(requestOf({ features: { maxOutputTokens: 16 }, model: "any" }))).toEqual([]);
  });

  test("names what has less effort than was asked for", () => {
    const features: RequestFeatures = { effort: "max" };
    const fieldsOf = (model: string) =>
      encodeRequest(requestOf({ features, featureFields: { effort: "X-CC-Effort" }, model })).ignoredFields;
    expect([fieldsOf("gpt-5.5"), fieldsOf("gpt-6-sol"), fieldsOf("gpt-4o")]).toEqual([["X-CC-Effort"], [], []]);
  });

  test("keeps the tools of a namespace together, and gives a name that the API would refuse another", () => {
    const inFs = (name: string) => ({
      ...tool,
      name: `fs__${name}`,
      declaredAs: { name, namespace: "fs", kind: "function" as const },
    });
    const tools = [inFs("read"), { ...tool, name: "wetter.für" }, inFs("write")];
    const { body, renamedTools } = encodeRequest(requestOf({ features: { tools } }));
    const [renamed] = renamedTools ?? [];
    expect(renamedTools).toEqual([{ name: "wetter.für", as: expect.stringMatching(/^wetter_f_r_[0-9a-f]{8}$/) }]);
    expect(body["tools"]).toMatchObject([
      { type: "namespace", name: "fs", tools: [{ name: "read" }, { name: "write" }] },
      { type: "function", name: renamed?.as },
    ]);
  });
});
