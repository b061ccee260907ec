import { describe, expect, test } from "bun:test";

import { createAnthropic } from "@ai-sdk/anthropic";
import type Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";

import { GatewayError } from "#core/errors.ts";
import { brokenBodyOf } from "#wire/testing/broken-body.ts";

import { decodeCountTokensRequest, decodeRequest } from "./request.ts";

const png = "iVBORw0KGgoAAA==";
const hi = { role: "user" as const, content: "hi" };

function decode(body: object) {
  return decodeRequest({ model: "m", max_tokens: 5, messages: [hi], ...body });
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

describe("a whole request", () => {
  /** Everything the API has that can be honoured; typed by the SDK, so that it is a real one. */
  const everything: Anthropic.MessageCreateParams = {
    model: "claude-sonnet-5-5",
    max_tokens: 100,
    system: [
      { type: "text", text: "Be brief.", cache_control: { type: "ephemeral", ttl: "1h" } },
      { type: "text", text: "Be kind." },
    ],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "look", cache_control: { type: "ephemeral" } },
          { type: "image", source: { type: "base64", media_type: "image/png", data: png } },
          { type: "image", source: { type: "url", url: "https://example.test/a.png" } },
          {
            type: "document",
            source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
            title: "a.pdf",
            context: "a report",
          },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "EqQB" },
          { type: "redacted_thinking", data: "EmwK" },
          { type: "text", text: "Looking." },
          { type: "tool_use", id: "toolu_1", name: "lookup", input: { q: "a" } },
          { type: "tool_use", id: "toolu_2", name: "now", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_1", content: "one" },
          {
            type: "tool_result",
            tool_use_id: "toolu_2",
            is_error: true,
            content: [{ type: "text", text: "two" }],
          },
          { type: "text", text: "and?" },
        ],
      },
      { role: "system", content: "Later rule." },
      { role: "user", content: "go on" },
    ],
    stream: true,
    stop_sequences: ["X"],
    thinking: { type: "adaptive", display: "summarized" },
    output_config: { effort: "high", format: { type: "json_schema", schema: { type: "object" } } },
    tools: [
      { name: "lookup", description: "d", input_schema: { type: "object" }, cache_control: { type: "ephemeral" } },
    ],
    tool_choice: { type: "tool", name: "lookup", disable_parallel_tool_use: true },
    metadata: { user_id: "u1" },
    service_tier: "standard_only",
    cache_control: { type: "ephemeral" },
  };

  test("decodes with nothing lost", () => {
    expect(decodeRequest(everything)).toEqual({
      wireFormat: "anthropic-messages",
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
              context: "a report",
            },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "hm", signature: "EqQB", field: "messages[1].content[0].thinking" },
            { type: "reasoning", text: "", redactedData: "EmwK", field: "messages[1].content[1].data" },
            { type: "text", text: "Looking." },
            { type: "tool-call", callId: "toolu_1", toolName: "lookup", input: { q: "a" } },
            { type: "tool-call", callId: "toolu_2", toolName: "now", input: {} },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool-result", callId: "toolu_1", content: [{ type: "text", text: "one" }], isError: false },
            { type: "tool-result", callId: "toolu_2", content: [{ type: "text", text: "two" }], isError: true },
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
        stopSequences: ["X"],
        reasoning: { mode: "adaptive", display: "summarized" },
        effort: "high",
        responseFormat: { type: "json-schema", schema: { type: "object" } },
        tools: [{ name: "lookup", description: "d", inputSchema: { type: "object" } }],
        toolChoice: { type: "tool", name: "lookup" },
        parallelToolCalls: false,
        user: "u1",
        serviceTier: "standard_only",
      },
      featureFields: {
        maxOutputTokens: "max_tokens",
        stopSequences: "stop_sequences",
        reasoning: "thinking",
        effort: "output_config.effort",
        responseFormat: "output_config.format",
        tools: "tools",
        toolChoice: "tool_choice",
        parallelToolCalls: "tool_choice.disable_parallel_tool_use",
        user: "metadata.user_id",
        serviceTier: "service_tier",
      },
      ignoredFields: [],
      places: expect.any(Map),
      cacheMarks: expect.objectContaining({ end: { type: "ephemeral" } }),
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
    const model = createAnthropic({ apiKey: "k", baseURL: "http://127.0.0.1/v1", fetch }).languageModel("m");
    const asked = model.doStream({
      prompt: [
        { role: "system", content: "SYS", providerOptions: { anthropic: { cacheControl: { type: "ephemeral" } } } },
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
      ignoredFields: [],
      sessionIds: {},
    });
  });

  test("by Claude Code decodes without the block that marks its requests", () => {
    const body = {
      system: [
        { type: "text", text: "x-anthropic-billing-header: cc_version=2.1.329.3c4; cc_entrypoint=sdk-cli;" },
        { type: "text", text: "You are a Claude agent.", cache_control: { type: "ephemeral" } },
      ],
      messages: [hi, { role: "system", content: "env", output_config: { effort: "medium" } }],
      thinking: { type: "adaptive", display: "omitted" },
      context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
    };
    expect(decode(body)).toMatchObject({
      system: ["You are a Claude agent."],
      messages: [{ role: "user" }, { role: "system", content: [{ type: "text", text: "env" }] }],
      features: { reasoning: { mode: "adaptive", display: "omitted" } },
      ignoredFields: ["context_management", "messages[].output_config"],
    });
  });

  test("needs no more than a message and a limit", () => {
    expect(decodeRequest({ max_tokens: 5, messages: [hi] })).toEqual({
      wireFormat: "anthropic-messages",
      model: undefined,
      system: [],
      messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
      stream: false,
      includeUsage: true,
      features: { maxOutputTokens: 5 },
      featureFields: { maxOutputTokens: "max_tokens" },
      ignoredFields: [],
      sessionIds: {},
    });
  });

  test("to count tokens needs no limit either", () => {
    expect(decodeCountTokensRequest({ messages: [hi], tools: [] }).features).toEqual({});
  });
});

describe("settings", () => {
  const featuresOf = (body: object) => decode({ max_tokens: 5, ...body }).features;

  test("equal to the API's defaults are no settings", () => {
    const defaults = {
      temperature: 1,
      top_p: 1,
      stop_sequences: [],
      tools: [],
      tool_choice: { type: "auto" },
      service_tier: "auto",
      speed: "standard",
      system: "",
      metadata: {},
      mcp_servers: [],
      container: null,
      stream: false,
    };
    expect(decode(defaults)).toEqual({ ...decode({}), saidDefaults: { temperature: 1, topP: 1 } });
  });

  const tools = [{ name: "a", input_schema: { type: "object" } }];

  test.each<[string, object, object]>([
    ["sampling", { temperature: 0, top_p: 0.5, top_k: 40 }, { temperature: 0, topP: 0.5, topK: 40 }],
    [
      "a thinking budget",
      { thinking: { type: "enabled", budget_tokens: 2000 } },
      { reasoning: { mode: "budget", budgetTokens: 2000 } },
    ],
    ["thinking off", { thinking: { type: "disabled" } }, { reasoning: { mode: "disabled" } }],
    ["thinking between tools", { thinking: { type: "between_tools" } }, { reasoning: { mode: "between-tools" } }],
    ["a tool that must be used", { tools, tool_choice: { type: "any" } }, { toolChoice: { type: "required" } }],
    ["tools that must not", { tools, tool_choice: { type: "none" } }, { toolChoice: { type: "none" } }],
  ])("%s", (_title, body, features) => {
    expect(featuresOf(body)).toMatchObject(features);
  });
});

test("what nothing can honour is listed as the client spelled it", () => {
  const body = {
    context_management: { edits: [{}] },
    container: "c",
    mcp_servers: [{ url: "https://example.test/" }],
    betas: ["x"],
    speed: "fast",
    made_up: 0,
    metadata: { user_id: "u", more: 1 },
    output_config: { effort: "low", task_budget: { total: 1 } },
  };
  expect(decode(body).ignoredFields.toSorted()).toEqual([
    "betas",
    "container",
    "context_management",
    "made_up",
    "mcp_servers",
    "metadata.more",
    "output_config.task_budget",
    "speed",
  ]);
});

test("what only this API knows of tools is kept, and named for backends that do not speak it", () => {
  const search = { type: "web_search_20250305", name: "web_search", max_uses: 3 };
  const own = { type: "custom", name: "a", input_schema: {}, strict: true, defer_loading: false, cache_control: {} };
  const { features, featureFields } = decode({ tools: [search, own], tool_choice: { type: "any" } });
  expect(features).toMatchObject({
    tools: [{ name: "a", inputSchema: { type: "object" }, extra: { strict: true, defer_loading: false } }],
    vendorTools: [{ wireFormat: "anthropic-messages", value: search }],
    toolExtras: ["tools[].strict"],
    toolChoice: { type: "required" },
  });
  expect(featureFields).toMatchObject({ toolExtras: ["tools[].strict"], vendorTools: "tools[].type" });
});

describe("what is wrong is refused by name", () => {
  const withHi = (fields: object) => ({ max_tokens: 5, messages: [hi], ...fields });

  test.each<[string, unknown, string | undefined, string]>([
    ["no object", [], undefined, "The request body: expected an object, got an empty array."],
    ["no limit", { messages: [hi] }, "max_tokens", "required, but missing. The messages API needs a limit"],
    ["a limit of nothing", withHi({ max_tokens: 0 }), "max_tokens", "a whole number of at least 1"],
    ["no messages", { max_tokens: 5 }, "messages", "required, but missing"],
    ["empty messages", withHi({ messages: [] }), "messages", "at least one message"],
    ["a model that is no text", withHi({ model: 5 }), "model", "a string, got 5"],
    ["system of a wrong type", withHi({ system: 5 }), "system", "a string or an array, got 5"],
    [
      "a system block of a wrong type",
      withHi({ system: [{ type: "image" }] }),
      "system[0].type",
      '"text", got "image"',
    ],
    ["too hot", withHi({ temperature: 1.5 }), "temperature", "a number from 0 to 1, got 1.5"],
    [
      "an unknown effort",
      withHi({ output_config: { effort: "huge" } }),
      "output_config.effort",
      '"low", "medium", "high", "xhigh" or "max"',
    ],
    ["thinking without a budget", withHi({ thinking: { type: "enabled" } }), "thinking.budget_tokens", "required"],
    ["unknown thinking", withHi({ thinking: { type: "deep" } }), "thinking.type", 'got "deep"'],
    ["a tool without a schema", withHi({ tools: [{ name: "a" }] }), "tools[0].input_schema", "required"],
    ["a tool without a name", withHi({ tools: [{ input_schema: {} }] }), "tools[0].name", "required"],
    ["an unknown tool choice", withHi({ tool_choice: { type: "some" } }), "tool_choice.type", 'got "some"'],
    [
      "a choice of an unknown tool",
      withHi({ tools: [{ name: "a", input_schema: {} }], tool_choice: { type: "tool", name: "b" } }),
      "tool_choice.name",
      'the name of one of the tools, got "b"',
    ],
    ["stop sequences as text", withHi({ stop_sequences: "X" }), "stop_sequences", 'an array, got "X"'],
    ["a choice without tools", withHi({ tool_choice: { type: "any" } }), "tool_choice", "tools to choose from"],
    ["stream as text", withHi({ stream: "yes" }), "stream", "true or false"],
  ])("%s", (_title, body, param, explanation) => {
    const error = refusalOf(body);
    expect({ kind: error.kind, param: error.options.param }).toEqual({ kind: "invalid-request", param });
    expect(error.explanation).toContain(explanation);
  });

  const asks = (...content: object[]) => withHi({ messages: [{ role: "user", content }] });
  const calls = { role: "assistant", content: [{ type: "tool_use", id: "t", name: "f", input: [] }] };
  test.each<[string, object]>([
    ["metadata", withHi({ metadata: [] })],
    ["output_config", withHi({ output_config: ["high"] })],
    ["output_config.format.schema", withHi({ output_config: { format: { type: "json_schema", schema: [] } } })],
    ["tools[0]", withHi({ tools: [[]] })],
    ["tools[0].input_schema", withHi({ tools: [{ name: "f", input_schema: [] }] })],
    ["messages[1].content[0].input", withHi({ messages: [hi, calls, hi] })],
    [
      "messages[0].content[0].citations",
      asks({ type: "document", source: { type: "url", url: "https://e.test/" }, citations: [] }),
    ],
  ])("an array where %s is an object", (param, body) => {
    const { options, explanation } = refusalOf(body);
    expect(options.param).toBe(param);
    expect(explanation).toContain("expected an object, got an");
  });

  test("a thread, in the words by which the SDK goes on without one", () => {
    expect(refusalOf(withHi({ thread: { type: "create" } })).options).toMatchObject({
      param: "thread",
      details: { error_code: "thread_unsupported_request", unsupported: ["thread"] },
    });
    expect(decodeRequest(withHi({ thread: null })).ignoredFields).toEqual([]);
  });

  test("wherever any value is replaced by any other", () => {
    const body = {
      model: "m",
      max_tokens: 5,
      system: [{ type: "text", text: "s" }],
      messages: [
        { role: "user", content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: png } }] },
        { role: "assistant", content: [{ type: "tool_use", id: "t", name: "lookup", input: { q: 1 } }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "z" }] }] },
      ],
      tools: [{ name: "lookup", input_schema: {} }],
      tool_choice: { type: "any" },
      thinking: { type: "enabled", budget_tokens: 1024 },
      output_config: { format: { type: "json_schema", schema: {} } },
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
