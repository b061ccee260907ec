import { describe, expect, test } from "bun:test";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import fc from "fast-check";
import type OpenAI from "openai";

import { GatewayError } from "#core/errors.ts";
import { brokenBodyOf } from "#wire/testing/broken-body.ts";

import { decodeRequest } from "./request.ts";

const png = "iVBORw0KGgoAAA==";
const hi = { role: "user" as const, content: "hi" };

function decode(body: object) {
  return decodeRequest({ model: "m", messages: [hi], ...body });
}

function refusalOf(body: unknown): GatewayError {
  try {
    decodeRequest(body);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("the request was accepted");
}

const lookup = { type: "function" as const, function: { name: "lookup", arguments: '{"q":"a"}' } };

describe("a whole request", () => {
  /** Everything the API has that can be honoured; typed by the SDK, so that it is a real one. */
  const everything: OpenAI.ChatCompletionCreateParams = {
    model: "claude-sonnet-5-5",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "developer", content: [{ type: "text", text: "Be kind." }] },
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } },
          { type: "image_url", image_url: { url: "https://example.test/a.png" } },
          { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0=" } },
        ],
      },
      {
        role: "assistant",
        content: "Looking.",
        tool_calls: [
          { id: "call_1", ...lookup },
          { id: "call_2", type: "function", function: { name: "now", arguments: "" } },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: "one" },
      { role: "tool", tool_call_id: "call_2", content: [{ type: "text", text: "two" }] },
      { role: "user", content: "and?" },
      { role: "system", content: "Later rule." },
      { role: "user", content: "go on" },
    ],
    stream: true,
    stream_options: { include_usage: true },
    max_completion_tokens: 100,
    temperature: 0.5,
    top_p: 0.9,
    stop: ["X", "Y"],
    reasoning_effort: "high",
    tools: [{ type: "function", function: { name: "lookup", description: "d", parameters: { type: "object" } } }],
    tool_choice: { type: "function", function: { name: "lookup" } },
    parallel_tool_calls: false,
    response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } },
    service_tier: "default",
    user: "u1",
  };

  test("decodes with nothing lost", () => {
    expect(decodeRequest(everything)).toEqual({
      wireFormat: "openai-chat",
      model: "claude-sonnet-5-5",
      system: ["Be brief.", "Be kind."],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image", source: { type: "base64", mediaType: "image/png", data: png } },
            { type: "image", source: { type: "url", url: "https://example.test/a.png" } },
            {
              type: "document",
              source: { type: "base64", mediaType: "application/pdf", data: "JVBERi0=" },
              title: "a.pdf",
            },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "text", text: "Looking." },
            { type: "tool-call", callId: "call_1", toolName: "lookup", input: { q: "a" } },
            { type: "tool-call", callId: "call_2", toolName: "now", input: {} },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool-result", callId: "call_1", content: [{ type: "text", text: "one" }], isError: false },
            { type: "tool-result", callId: "call_2", content: [{ type: "text", text: "two" }], isError: false },
            { type: "text", text: "and?" },
          ],
        },
        { role: "system", content: [{ type: "text", text: "Later rule." }] },
        { role: "user", content: [{ type: "text", text: "go on" }] },
      ],
      stream: true,
      includeUsage: true,
      features: {
        maxOutputTokens: 100,
        temperature: 0.5,
        topP: 0.9,
        stopSequences: ["X", "Y"],
        effort: "high",
        tools: [{ name: "lookup", description: "d", inputSchema: { type: "object" } }],
        toolChoice: { type: "tool", name: "lookup" },
        parallelToolCalls: false,
        responseFormat: { type: "json-schema", name: "answer", schema: { type: "object" } },
        serviceTier: "standard_only",
        user: "u1",
      },
      featureFields: {
        maxOutputTokens: "max_completion_tokens",
        temperature: "temperature",
        topP: "top_p",
        stopSequences: "stop",
        effort: "reasoning_effort",
        tools: "tools",
        toolChoice: "tool_choice",
        parallelToolCalls: "parallel_tool_calls",
        responseFormat: "response_format",
        serviceTier: "service_tier",
        user: "user",
      },
      ignoredFields: [],
      places: expect.any(Map),
      sessionIds: {},
    });
  });

  test("by the AI SDK decodes to what its caller said", async () => {
    let body: unknown;
    const record = (_url: unknown, init?: RequestInit) => {
      body = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
      return Promise.reject(new Error("seen"));
    };
    const fetch = Object.assign(record, { preconnect: () => undefined });
    const model = createOpenAICompatible({ name: "t", baseURL: "http://127.0.0.1/v1", fetch }).chatModel("m");
    const asked = model.doStream({
      prompt: [
        { role: "system", content: "SYS" },
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "file", mediaType: "image/png", data: { type: "data", data: png } },
          ],
        },
        {
          role: "assistant",
          content: [{ type: "tool-call", toolCallId: "c1", toolName: "lookup", input: { q: "a" } }],
        },
        {
          role: "tool",
          content: [
            { type: "tool-result", toolCallId: "c1", toolName: "lookup", output: { type: "text", value: "res" } },
          ],
        },
      ],
      maxOutputTokens: 9,
      stopSequences: ["X"],
      seed: 1,
    });
    await expect(asked).rejects.toThrow("seen");
    expect(decodeRequest(body)).toMatchObject({
      model: "m",
      system: ["SYS"],
      messages: [
        { role: "user", content: [{ text: "look" }, { type: "image", source: { data: png } }] },
        { role: "assistant", content: [{ type: "tool-call", callId: "c1", input: { q: "a" } }] },
        { role: "user", content: [{ type: "tool-result", callId: "c1", content: [{ text: "res" }] }] },
      ],
      stream: true,
      features: { maxOutputTokens: 9, stopSequences: ["X"] },
      ignoredFields: ["seed"],
    });
  });

  test("needs no more than a message", () => {
    expect(decodeRequest({ messages: [hi] })).toEqual({
      wireFormat: "openai-chat",
      model: undefined,
      system: [],
      messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
      stream: false,
      includeUsage: false,
      features: {},
      featureFields: {},
      ignoredFields: [],
      sessionIds: {},
    });
  });
});

describe("settings", () => {
  const featuresOf = (body: object) => decode(body).features;

  test("equal to the API's defaults are no settings", () => {
    const defaults = {
      temperature: 1,
      top_p: 1,
      n: 1,
      stop: [],
      tools: [],
      tool_choice: "auto",
      parallel_tool_calls: true,
      response_format: { type: "text" },
      service_tier: "auto",
      frequency_penalty: 0,
      presence_penalty: 0,
      logit_bias: {},
      logprobs: false,
      store: false,
      seed: null,
      modalities: ["text"],
      verbosity: "medium",
      metadata: {},
      stream: null,
    };
    expect(decode(defaults)).toEqual({ ...decode({}), saidDefaults: { temperature: 1, topP: 1 } });
  });

  test("a service tier that only OpenAI sells is left out, and named", () => {
    expect(decode({ service_tier: "flex" })).toEqual({ ...decode({}), ignoredFields: ["service_tier"] });
  });

  test.each<[string, object, object]>([
    ["max_tokens", { max_tokens: 5 }, { maxOutputTokens: 5 }],
    ["one stop text", { stop: "X" }, { stopSequences: ["X"] }],
    ["no effort", { reasoning_effort: "none" }, { reasoning: { mode: "disabled" } }],
    [
      "a thinking budget",
      { thinking: { type: "enabled", budget_tokens: 2000 } },
      { reasoning: { mode: "budget", budgetTokens: 2000 } },
    ],
    ["JSON mode", { response_format: { type: "json_object" } }, { responseFormat: { type: "json-object" } }],
    ["a safety identifier", { safety_identifier: "s" }, { user: "s" }],
  ])("%s", (_title, body, features) => {
    expect(featuresOf(body)).toEqual(features);
  });

  const tools = ["a", "b"].map((name) => ({ type: "function", function: { name } }));
  const schema = { type: "object", properties: {} };

  test("a tool without parameters takes none", () => {
    expect(featuresOf({ tools }).tools).toEqual([
      { name: "a", inputSchema: schema },
      { name: "b", inputSchema: schema },
    ]);
  });

  test("allowed_tools leaves the others out", () => {
    const allowed = { mode: "required", tools: [{ type: "function", function: { name: "b" } }] };
    expect(featuresOf({ tools, tool_choice: { type: "allowed_tools", allowed_tools: allowed } })).toEqual({
      tools: [{ name: "b", inputSchema: schema }],
      toolChoice: { type: "required" },
    });
  });

  test("what Claude does not have is answered with the nearest it has, and the client told", () => {
    const { features, ignoredFields } = decode({ temperature: 1.7, reasoning_effort: "minimal" });
    expect([features, ignoredFields]).toEqual([{ effort: "low" }, ["temperature>1", "reasoning_effort"]]);
  });

  test("name the field they came from", () => {
    const body = { max_tokens: 5, reasoning_effort: "none", safety_identifier: "s" };
    expect(decode(body).featureFields).toEqual({
      maxOutputTokens: "max_tokens",
      reasoning: "reasoning_effort",
      user: "safety_identifier",
    });
  });
});

test("what nothing can honour is listed as the client spelled it", () => {
  const body = {
    seed: 0,
    logprobs: true,
    top_logprobs: 2,
    logit_bias: { 50: 1 },
    frequency_penalty: 0.1,
    store: true,
    modalities: ["text", "audio"],
    metadata: { a: "b" },
    made_up: "x",
    toString: "y",
    stream_options: { include_obfuscation: true },
    max_completion_tokens: 5,
    max_tokens: 6,
    tools: [{ type: "function", function: { name: "a", strict: true } }],
    messages: [
      {
        role: "user",
        name: "ann",
        audio: null,
        content: [{ type: "image_url", image_url: { url: "https://example.test/a.png", detail: "high" } }],
      },
    ],
  };
  expect(decode(body).ignoredFields.toSorted()).toEqual([
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "made_up",
    "max_tokens",
    "messages[].content[].image_url.detail",
    "messages[].name",
    "metadata",
    "modalities",
    "seed",
    "store",
    "stream_options.include_obfuscation",
    "toString",
    "tools[].function.strict",
    "top_logprobs",
  ]);
});

describe("what is wrong is refused by name", () => {
  test.each<[string, unknown, string | undefined, string]>([
    ["no object", [], undefined, "The request body: expected an object, got an empty array."],
    ["no messages", {}, "messages", "required, but missing"],
    ["messages as text", { messages: "hi" }, "messages", 'expected an array, got "hi"'],
    ["empty messages", { messages: [] }, "messages", "at least one message"],
    ["several answers", { messages: [hi], n: 2 }, "n", "expected 1, got 2"],
    [
      "an unknown effort",
      { messages: [hi], reasoning_effort: "huge" },
      "reasoning_effort",
      '"none", "minimal", "low", "medium", "high", "xhigh" or "max"',
    ],
    ["too hot", { messages: [hi], temperature: 2.1 }, "temperature", "a number from 0 to 2, got 2.1"],
    ["no tokens", { messages: [hi], max_tokens: 0 }, "max_tokens", "a whole number of at least 1"],
    ["half a token", { messages: [hi], max_tokens: 1.5 }, "max_tokens", "a whole number of at least 1"],
    ["a custom tool", { messages: [hi], tools: [{ type: "custom" }] }, "tools[0].type", '"function", got "custom"'],
    ["a choice without tools", { messages: [hi], tool_choice: "required" }, "tool_choice", "tools to choose from"],
    [
      "a choice of an unknown tool",
      { messages: [hi], tools: [lookup], tool_choice: { type: "function", function: { name: "b" } } },
      "tool_choice.function.name",
      'the name of one of the tools, got "b"',
    ],
    [
      "an unknown tool among the allowed",
      {
        messages: [hi],
        tools: [lookup],
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "b" } }] },
        },
      },
      "tool_choice.allowed_tools.tools[0].function.name",
      'the name of one of the tools, got "b"',
    ],
    ["stream as text", { messages: [hi], stream: "yes" }, "stream", "true or false"],
    ["a model that is no text", { messages: [hi], model: 5 }, "model", "a string, got 5"],
  ])("%s", (_title, body, param, explanation) => {
    const error = refusalOf(body);
    expect({ kind: error.kind, param: error.options.param }).toEqual({ kind: "invalid-request", param });
    expect(error.explanation).toContain(explanation);
  });

  const asked = (fields: object) => ({ messages: [hi], ...fields });
  const formatted = (json_schema: unknown) => asked({ response_format: { type: "json_schema", json_schema } });
  test.each<[string, object]>([
    ["stream_options", asked({ stream_options: [] })],
    ["response_format.json_schema", formatted([])],
    ["response_format.json_schema.schema", formatted({ schema: [1] })],
    ["tools[0].function.parameters", asked({ tools: [{ type: "function", function: { name: "f", parameters: [] } }] })],
    ["messages[0].content[0].file", { messages: [{ role: "user", content: [{ type: "file", file: [] }] }] }],
  ])("an array where %s is an object", (param, body) => {
    const { options, explanation } = refusalOf(body);
    expect(options.param).toBe(param);
    expect(explanation).toContain("expected an object, got an");
  });

  test("wherever any value is replaced by any other", () => {
    const body = {
      model: "m",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "x" },
            { type: "image_url", image_url: { url: "https://e.test/" } },
          ],
        },
        { role: "assistant", content: "y", tool_calls: [{ id: "c", ...lookup }] },
        { role: "tool", tool_call_id: "c", content: "z" },
      ],
      tools: [{ type: "function", function: { name: "lookup", parameters: {} } }],
      stop: ["x"],
      stream_options: { include_usage: true },
      response_format: { type: "json_schema", json_schema: { name: "x", schema: {} } },
    };
    fc.assert(
      fc.property(brokenBodyOf(body), (broken) => {
        try {
          expect(decodeRequest(broken).messages.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ name: "GatewayError", kind: "invalid-request" });
        }
      }),
      { numRuns: 300 },
    );
  });
});
