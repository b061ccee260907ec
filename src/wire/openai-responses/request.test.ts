import { describe, expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";
import type { ModelRequest } from "#core/request.ts";

import { sealSummary } from "./compaction.ts";
import { sealReasoning } from "./reasoning-envelope.ts";
import { decodeRequest } from "./request.ts";

const user = { role: "user", content: "hi" };
const decode = (body: object) => decodeRequest({ input: "hi", ...body });
const messagesOf = (...input: readonly object[]) => decodeRequest({ input }).messages;

function faultOf(body: object, kept?: number): { readonly param: string | undefined; readonly message: string } {
  try {
    decodeRequest({ input: "hi", ...body }, kept);
  } catch (thrown) {
    if (thrown instanceof GatewayError) return { param: thrown.options.param, message: thrown.message };
    throw thrown;
  }
  throw new Error("It was accepted.");
}

describe("the input", () => {
  test("is a text, or items with or without a type", () => {
    const said: ModelRequest["messages"] = [{ role: "user", content: [{ type: "text", text: "hi" }] }];
    for (const input of ["hi", [user], [{ type: "message", ...user }]])
      expect(decode({ input }).messages).toEqual(said);
    const parts = [{ role: "user", content: [{ type: "input_text", text: "hi" }] }];
    expect(decode({ input: parts }).messages).toEqual(said);
  });

  test("begins with what is said to the system; what comes later stays in its place", () => {
    const developer = (content: string) => ({ role: "developer", content });
    const request = decode({ instructions: "first", input: [developer("second"), user, developer("later"), user] });
    expect(request.system).toEqual(["first", "second"]);
    expect(request.messages.map(({ role }) => role)).toEqual(["user", "system", "user"]);
  });

  test("has calls and their results in the messages they belong to", () => {
    const messages = messagesOf(
      user,
      { role: "assistant", content: [{ type: "output_text", text: "Let me look." }] },
      { type: "function_call", call_id: "c1", name: "look", arguments: "" },
      { type: "custom_tool_call", call_id: "c2", name: "patch", namespace: "fs", input: "*** Begin" },
      { type: "function_call_output", call_id: "c1", output: "one" },
      { type: "custom_tool_call_output", call_id: "c2", output: [{ type: "input_text", text: "two" }] },
    );
    expect(messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: [
          { type: "text", text: "Let me look." },
          { type: "tool-call", callId: "c1", toolName: "look", input: {} },
          { type: "tool-call", callId: "c2", toolName: "fs__patch", input: { input: "*** Begin" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool-result", callId: "c1", content: [{ type: "text", text: "one" }], isError: false },
          { type: "tool-result", callId: "c2", content: [{ type: "text", text: "two" }], isError: false },
        ],
      },
    ]);
  });

  test("has pictures and files", () => {
    const png = "data:image/png;base64,AAAA";
    const [message] = messagesOf({
      role: "user",
      content: [
        { type: "input_image", image_url: png },
        { type: "input_image", image_url: "https://example.test/a.png" },
        { type: "input_file", file_data: "data:application/pdf;base64,AAAA", filename: "a.pdf" },
        { type: "input_file", file_url: "https://example.test/a.pdf" },
      ],
    });
    expect(message?.content).toEqual([
      { type: "image", source: { type: "base64", mediaType: "image/png", data: "AAAA" } },
      { type: "image", source: { type: "url", url: "https://example.test/a.png" } },
      { type: "document", source: { type: "base64", mediaType: "application/pdf", data: "AAAA" }, title: "a.pdf" },
      { type: "document", source: { type: "url", url: "https://example.test/a.pdf" } },
    ]);
  });

  test("has reasoning that we have sealed, and no other vendor's", () => {
    const reasoning = (encrypted_content: string | undefined) => ({
      type: "reasoning",
      summary: [{ type: "summary_text", text: "hm" }],
      encrypted_content,
    });
    const answered = (encrypted: string | undefined) =>
      messagesOf(user, reasoning(encrypted), { role: "assistant", content: "so" }, user)[1]?.content;
    expect(answered(sealReasoning({ signature: "s" }))).toMatchObject([
      { type: "reasoning", text: "hm", signature: "s" },
      { type: "text", text: "so" },
    ]);
    expect(answered("gAAAAABm")).toEqual([{ type: "text", text: "so" }]);
    expect(answered("ccproxy.1.!!!")).toEqual([{ type: "text", text: "so" }]);
  });

  test.each([
    ["nothing", { input: [] }, "input"],
    ["no role", { input: [{ content: "hi" }] }, "input[0].role"],
    ["an unknown part", { input: [{ role: "user", content: [{ type: "input_audio" }] }] }, "input[0].content[0].type"],
    [
      "arguments that are no JSON",
      { input: [user, { type: "function_call", call_id: "c", name: "n", arguments: "{" }] },
      "input[1].arguments",
    ],
    ["a reference", { input: [{ type: "item_reference", id: "msg_1" }] }, "input[0].id"],
    [
      "a picture of no kind we know",
      { input: [{ role: "user", content: [{ type: "input_image", image_url: "data:image/tiff;base64,AAAA" }] }] },
      "input[0].content[0].image_url",
    ],
    ["only instructions", { input: [{ role: "developer", content: "be nice" }] }, "input"],
  ])("with %s is a 400 that names the field", (_what, body, param) => {
    expect(faultOf(body).param).toBe(param);
  });

  test("with items of other kinds says that they are left out", () => {
    expect(decode({ input: [user, { type: "web_search_call", id: "ws_1" }] }).ignoredFields).toEqual([
      "input[].type=web_search_call",
    ]);
  });

  test("that ends with an answer that broke off asks once more what came before it", () => {
    const broken = { role: "assistant", content: [{ type: "output_text", text: "hal" }] };
    const { messages, ignoredFields } = decodeRequest({ input: [user, broken] });
    expect(messages.map(({ role }) => role)).toEqual(["user"]);
    expect(ignoredFields).toEqual(["input[-1].role=assistant"]);
    const call = { type: "function_call", call_id: "c", name: "look", arguments: "{}" };
    expect(messagesOf(user, call).map(({ role }) => role)).toEqual(["user", "assistant"]);
  });

  test("may ask to be summed up, and have a summary of ours in it", () => {
    const tools = [{ type: "function", name: "look" }];
    const asked = decode({ input: [user, { type: "compaction_trigger" }], tools });
    expect(asked).toMatchObject({ compacts: true, features: { toolChoice: { type: "none" } } });
    expect(JSON.stringify(asked.messages)).toContain("Sum up this conversation");
    const summary = (encrypted_content: string) => ({ type: "compaction", encrypted_content });
    const { messages, ignoredFields, compacts } = decode({
      input: [summary(sealSummary("Plums. 🙂")), summary("gAAAA"), user],
    });
    expect(JSON.stringify(messages)).toContain("Plums. 🙂");
    expect([messages.length, ignoredFields, compacts]).toEqual([1, ["input[].type=compaction"], false]);
  });

  test("with results of calls that only a session can remember says so", () => {
    const { outOfContext } = decode({ input: [{ type: "function_call_output", call_id: "c", output: "x" }] });
    expect(outOfContext?.options.param).toBe("input[0].call_id");
  });
});

describe("tools", () => {
  const look = { type: "function", name: "look", parameters: { type: "object", properties: {} } };

  test("of every kind become functions, and are known by what they were", () => {
    const { features } = decode({
      tools: [
        look,
        {
          type: "custom",
          name: "patch",
          description: "Patches.",
          format: { type: "grammar", syntax: "lark", definition: "start: /x/" },
        },
        { type: "namespace", name: "fs", tools: [{ type: "function", name: "read" }] },
      ],
      tool_choice: { type: "function", name: "read", namespace: "fs" },
    });
    expect(features.tools).toMatchObject([
      { name: "look", declaredAs: { name: "look", kind: "function" } },
      {
        name: "patch",
        declaredAs: { name: "patch", kind: "custom" },
        description: expect.stringContaining("start: /x/"),
      },
      { name: "fs__read", declaredAs: { name: "read", namespace: "fs", kind: "function" } },
    ]);
    expect(features.toolChoice).toEqual({ type: "tool", name: "fs__read" });
  });

  test("may come with the input", () => {
    const input = [{ type: "additional_tools", role: "developer", tools: [look] }, user];
    expect(decode({ input }).features.tools?.map(({ name }) => name)).toEqual(["look"]);
  });

  test("that only OpenAI runs are left out, and named", () => {
    const { features, ignoredFields } = decode({ tools: [{ type: "web_search" }, look] });
    expect(features.tools).toHaveLength(1);
    expect(ignoredFields).toEqual(["tools[].type=web_search"]);
  });

  test("may be narrowed to some of them", () => {
    const tools = [look, { ...look, name: "other" }];
    const choice = { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "other" }] };
    const { features } = decode({ tools, tool_choice: choice });
    expect(features.tools?.map(({ name }) => name)).toEqual(["other"]);
    expect(features.toolChoice).toEqual({ type: "required" });
  });

  test.each([
    ["two of one name", { tools: [look, look] }, "tools[1].name"],
    ["one without a name", { tools: [{ type: "function" }] }, "tools[0].name"],
    ["a schema that is none", { tools: [{ ...look, parameters: { type: "objekt" } }] }, "tools[0].parameters.type"],
    ["a choice of none", { tools: [look], tool_choice: { type: "function", name: "nope" } }, "tool_choice.name"],
    ["a choice without any", { tool_choice: "required" }, "tool_choice"],
  ])("with %s are a 400 that names the field", (_what, body, param) => {
    expect(faultOf(body).param).toBe(param);
  });
});

describe("tools", () => {
  const look = {
    type: "function",
    name: "look",
    description: "Looks.",
    parameters: { type: "object", properties: {} },
  };

  test("of a namespace are told what it is about with the first of them", () => {
    const namespace = {
      type: "namespace",
      name: "fs",
      description: "Files.",
      tools: [look, { ...look, name: "list" }],
    };
    expect(decode({ tools: [namespace] }).features.tools?.map(({ description }) => description)).toEqual([
      "Looks.\n\nAbout all tools of fs: Files.",
      "Looks.",
    ]);
  });

  test("with fields that nothing here reads have them named", () => {
    const inert = { async: false, defer_loading: false, allowed_callers: ["direct"] };
    expect(decode({ tools: [{ ...look, ...inert }] }).ignoredFields).toEqual([]);
    const asking = {
      async: true,
      defer_loading: true,
      allowed_callers: ["programmatic"],
      output_schema: { type: "null" },
    };
    expect(decode({ tools: [{ ...look, ...asking }] }).ignoredFields).toEqual([
      "tools[].async",
      "tools[].defer_loading",
      "tools[].allowed_callers",
      "tools[].output_schema",
    ]);
  });
});

describe("items before those that the client sent", () => {
  const stored = { type: "message", role: "assistant", content: "hi" };

  test.each([
    ["an output without its call", { type: "function_call_output", call_id: "c", output: "x" }, ".call_id"],
    ["a part of no kind", { role: "user", content: [{ type: "input_text" }] }, ".content[0].text"],
    ["a type that is none", { type: 5 }, ".type"],
  ])("are not counted in what an error calls %s", (_what, item, field) => {
    const call = { type: "function_call", call_id: "other", name: "f", arguments: "{}" };
    expect(faultOf({ input: [user, stored, call, user, item] }, 3).param).toBe(`input[1]${field}`);
    expect(faultOf({ input: [user, call, item, user] }, 3).param).toBe(`previous_response_id.input[2]${field}`);
  });

  test("are not counted in what is named as ignored", () => {
    const sealed = { type: "reasoning", summary: [], encrypted_content: "gAAA" };
    const { ignoredFields } = decodeRequest({ input: [user, sealed, stored, user, sealed, stored, user] }, 3);
    expect(ignoredFields).toEqual(["previous_response_id.input[1].encrypted_content", "input[1].encrypted_content"]);
  });
});

describe("settings", () => {
  test("become features, named as their fields", () => {
    const { features, featureFields } = decode({
      max_output_tokens: 9,
      temperature: 0.5,
      top_p: 0.5,
      reasoning: { effort: "high", summary: "auto" },
      text: { format: { type: "json_schema", name: "answer", schema: { type: "object", properties: {} } } },
      user: "u",
    });
    expect(features).toMatchObject({
      maxOutputTokens: 9,
      temperature: 0.5,
      topP: 0.5,
      effort: "high",
      responseFormat: { type: "json-schema", name: "answer" },
      user: "u",
    });
    expect(featureFields).toMatchObject({ maxOutputTokens: "max_output_tokens", effort: "reasoning.effort" });
  });

  test("that ask for what nothing can do are named; those of their defaults are not", () => {
    expect(
      decode({
        background: true,
        top_logprobs: 3,
        truncation: "auto",
        max_tool_calls: 2,
        include: ["reasoning.encrypted_content", "message.input_image.image_url", "file_search_call.results"],
        text: { verbosity: "low" },
        reasoning: { effort: "minimal", summary: "detailed" },
        stream_options: { include_obfuscation: true },
        client_metadata: { a: "b" },
        store: false,
      }).ignoredFields.toSorted(),
    ).toEqual([
      "background",
      "include=file_search_call.results",
      "max_tool_calls",
      "reasoning.effort",
      "reasoning.summary",
      "stream_options.include_obfuscation",
      "text.verbosity",
      "top_logprobs",
      "truncation",
    ]);
    const defaults = { background: false, truncation: "disabled", text: { verbosity: "medium" } };
    expect(decode({ ...defaults, stream_options: { include_obfuscation: false } }).ignoredFields).toEqual([]);
  });

  test("are repeated as they are kept to", () => {
    const { repeated } = decode({ background: true, truncation: "auto", max_tool_calls: 2, metadata: { a: "b" } });
    expect(repeated).toMatchObject({ background: false, truncation: "disabled", metadata: { a: "b" } });
    expect(repeated).not.toHaveProperty("max_tool_calls");
  });

  test("that would change what is asked, and cannot be had, are a 400", () => {
    expect(faultOf({ prompt: { id: "pmpt_1" } })).toMatchObject({ param: "prompt" });
  });

  test("that are no settings are a 400", () => {
    const pairs = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, "v"]));
    expect(faultOf({ metadata: pairs })).toMatchObject({ param: "metadata", message: expect.stringContaining("16") });
    expect(faultOf({ metadata: { a: "x".repeat(513) } })).toMatchObject({ param: "metadata.a" });
    expect(faultOf({ metadata: { a: 1 } })).toMatchObject({ param: "metadata.a" });
    expect(faultOf({ metadata: { ["x".repeat(65)]: "v" } }).message).toContain("64");
    expect(faultOf({ truncation: "middle" })).toMatchObject({ param: "truncation" });
    expect(faultOf({ temperature: 3 })).toMatchObject({ param: "temperature" });
    expect(faultOf({ reasoning: { effort: "huge" } })).toMatchObject({ param: "reasoning.effort" });
    expect(faultOf({ text: { format: { type: "xml" } } })).toMatchObject({ param: "text.format.type" });
  });
});
