/** What official clients put into a request is what the model is asked: instructions, histories, media, parameters. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import type Anthropic from "@anthropic-ai/sdk";
import { generateText } from "ai";
import type OpenAI from "openai";

import { type AskedBlock, conversationOf } from "../support/asked.ts";
import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { pdf, pixel } from "../support/media.ts";
import { newestClaude } from "../support/proxy.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(30_000);
const model = "claude-sonnet-5-5";
const modes = ["agent", "chat"] as const;
type Mode = (typeof modes)[number];

describe.each(newestClaude)("claude $version", ({ path }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ claude: path });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  const askOpenAi = (
    mode: Mode,
    messages: OpenAI.ChatCompletionMessageParam[],
    rest: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {},
  ) => bench.clients(mode).openai.chat.completions.create({ model, messages, ...rest });
  const askAnthropic = (
    mode: Mode,
    messages: Anthropic.MessageParam[],
    rest: Partial<Anthropic.MessageCreateParamsNonStreaming> = {},
  ) => bench.clients(mode).anthropic.messages.create({ model, max_tokens: 4096, messages, ...rest });
  const systemTexts = (): readonly string[] => bench.lastAsked().system.map(({ text }) => text);
  const conversation = () => conversationOf(bench.lastAsked());
  const theOnlyMessage = (): readonly AskedBlock[] => {
    const [message, ...others] = conversation();
    expect(others).toEqual([]);
    const [role, ...blocks] = message ?? ["nobody"];
    expect(role).toBe("user");
    return blocks;
  };

  describe('instructions; proves("request-system-developer")', () => {
    const openAiMessages: OpenAI.ChatCompletionMessageParam[] = [
      { role: "system", content: "Speak like a pirate." },
      { role: "developer", content: [{ type: "text", text: "Never mention the sea." }] },
      { role: "user", content: "hello" },
    ];
    const anthropicSystem: Anthropic.TextBlockParam[] = [
      { type: "text", text: "Speak like a pirate.", cache_control: { type: "ephemeral" } },
      { type: "text", text: "Never mention the sea." },
    ];
    const joined = "Speak like a pirate.\n\nNever mention the sea.";
    const ways = {
      "chat completions": (mode: Mode) => askOpenAi(mode, openAiMessages),
      messages: (mode: Mode) => askAnthropic(mode, [{ role: "user", content: "hello" }], { system: anthropicSystem }),
    };

    test.each(Object.entries(ways))("in %s, chat mode: the system prompt, and nothing beside it", async (_, ask) => {
      await ask("chat");
      const own = systemTexts().filter((text) => !/^x-anthropic-billing-header|^You are a Claude agent/.test(text));
      expect(own).toEqual([joined]);
      expect(conversation()).toEqual([["user", { type: "text", text: "hello" }]]);
      expect(bench.lastAsked().messages).toHaveLength(1);
      expect(bench.lastAsked()["tools"] ?? []).toEqual([]);
    });

    test.each(Object.entries(ways))("in %s, agent mode: appended to Claude Code's own", async (_, ask) => {
      await ask("agent");
      expect(systemTexts().at(-1)).toEndWith(joined);
      expect(systemTexts().join("\n").length).toBeGreaterThan(3 * joined.length);
      expect(JSON.stringify(bench.lastAsked()["tools"])).toContain('"Bash"');
    });
  });

  describe('whole histories; proves("request-history", "request-images")', () => {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } } as const;
    const thinking = { type: "thinking", thinking: "Two looks.", signature: "c2lnbmF0dXJl" } as const;
    const text = (value: string) => ({ type: "text", text: value }) as const;
    const calls = [
      { type: "tool_use", id: "call_a", name: "look", input: { at: "left", deep: { n: 1 } } },
      { type: "tool_use", id: "call_b", name: "look", input: {} },
    ] as const;
    const result = (id: string, content: unknown[], isError: boolean) => ({
      type: "tool_result",
      tool_use_id: id,
      content,
      is_error: isError,
    });

    test.each([...modes])("in messages, %s mode: tool calls, results, images and thinking", async (mode) => {
      await askAnthropic(mode, [
        { role: "user", content: [text("What is this?"), image] },
        { role: "assistant", content: [thinking, text("Let me look."), ...calls] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "call_a", content: [text("a pixel"), image] },
            { type: "tool_result", tool_use_id: "call_b", content: "too dark", is_error: true },
            text("Well?"),
          ],
        },
        { role: "assistant", content: "A pixel." },
        { role: "user", content: "Sure?" },
      ]);
      expect(conversation()).toEqual([
        ["user", text("What is this?"), image],
        // The CLI's own history has no room for thinking; a bare model gets it back.
        ["assistant", ...(mode === "chat" ? [thinking] : []), text("Let me look."), ...calls],
        [
          "user",
          result("call_a", [text("a pixel"), image], false),
          result("call_b", [text("too dark")], true),
          text("Well?"),
        ],
        ["assistant", text("A pixel.")],
        ["user", text("Sure?")],
      ]);
    });

    test.each([...modes])("in chat completions, %s mode: tool calls, results and images", async (mode) => {
      await askOpenAi(mode, [
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } },
          ],
        },
        {
          role: "assistant",
          content: "Let me look.",
          tool_calls: calls.map(({ id, name, input }) => ({
            id,
            type: "function" as const,
            function: { name, arguments: JSON.stringify(input) },
          })),
        },
        { role: "tool", tool_call_id: "call_a", content: "a pixel" },
        { role: "tool", tool_call_id: "call_b", content: [{ type: "text", text: "too dark" }] },
        { role: "assistant", content: "A pixel." },
        { role: "user", content: "Sure?" },
      ]);
      expect(conversation()).toEqual([
        ["user", text("What is this?"), image],
        ["assistant", text("Let me look."), ...calls],
        ["user", result("call_a", [text("a pixel")], false), result("call_b", [text("too dark")], false)],
        ["assistant", text("A pixel.")],
        ["user", text("Sure?")],
      ]);
    });

    test("from the AI SDK, in both formats", async () => {
      const { openaiModel, anthropicModel } = bench.clients("chat");
      for (const [index, aiModel] of [openaiModel(model), anthropicModel(model)].entries()) {
        bench.forget();
        await generateText({
          model: aiModel,
          maxRetries: 0,
          instructions: "Be brief.",
          messages: [
            {
              role: "user",
              content: [
                { type: "text", text: "What is this?" },
                { type: "file", data: pixel, mediaType: "image/png" },
              ],
            },
            {
              role: "assistant",
              content: [{ type: "tool-call", toolCallId: "call_a", toolName: "look", input: { at: "left" } }],
            },
            {
              role: "tool",
              content: [
                {
                  type: "tool-result",
                  toolCallId: "call_a",
                  toolName: "look",
                  output: { type: "text", value: "a pixel" },
                },
              ],
            },
            { role: "user", content: "Sure?" },
          ],
        });
        expect([index, ...conversation()]).toEqual([
          index,
          ["user", text("What is this?"), image],
          ["assistant", { type: "tool_use", id: "call_a", name: "look", input: { at: "left" } }],
          ["user", result("call_a", [text("a pixel")], false), text("Sure?")],
        ]);
        expect(systemTexts().at(-1)).toBe("Be brief.");
      }
    });
  });

  describe('media; proves("request-images", "request-documents")', () => {
    const url = { type: "url", url: "https://example.com/a%20b.png" } as const;
    const document = (source: unknown, title?: string) => ({ type: "document", source, ...(title && { title }) });
    const pdfSource = { type: "base64", media_type: "application/pdf", data: pdf } as const;
    const textSource = { type: "text", media_type: "text/plain", data: "Grüße,\nWelt" } as const;

    test.each([...modes])("in messages, %s mode", async (mode) => {
      const pdfUrl = { type: "url", url: "https://example.com/paper.pdf" } as const;
      await askAnthropic(mode, [
        {
          role: "user",
          content: [
            { type: "image", source: url },
            { type: "document", source: pdfSource, title: "A paper" },
            { type: "document", source: textSource, title: "A note", context: "from a friend" },
            { type: "document", source: pdfUrl },
            { type: "text", text: "Compare." },
          ],
        },
      ]);
      expect(theOnlyMessage()).toEqual([
        { type: "image", source: url },
        document(pdfSource, "A paper"),
        { ...document(textSource, "A note"), context: "from a friend" },
        document(pdfUrl),
        { type: "text", text: "Compare." },
      ]);
    });

    test.each([...modes])("in messages, %s mode: blocks that are Anthropic's own stay as they are", async (mode) => {
      const cited: Anthropic.DocumentBlockParam = {
        type: "document",
        source: { type: "content", content: [{ type: "text", text: "one chunk" }] },
        citations: { enabled: true },
      };
      const found: Anthropic.SearchResultBlockParam = {
        type: "search_result",
        source: "https://example.com",
        title: "A page",
        content: [{ type: "text", text: "what it says" }],
      };
      const text = { type: "text", text: "Cite." } as const;
      await askAnthropic(mode, [{ role: "user", content: [cited, found, text] }]);
      expect(theOnlyMessage()).toEqual([{ ...cited }, { ...found }, text]);
    });

    test.each([...modes])("in chat completions, %s mode", async (mode) => {
      await askOpenAi(mode, [
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: url.url } },
            { type: "file", file: { filename: "paper.pdf", file_data: `data:application/pdf;base64,${pdf}` } },
            {
              type: "file",
              file: {
                filename: "note.txt",
                file_data: `data:text/plain;base64,${Buffer.from(textSource.data).toString("base64")}`,
              },
            },
            { type: "text", text: "Compare." },
          ],
        },
      ]);
      expect(theOnlyMessage()).toEqual([
        { type: "image", source: url },
        document(pdfSource, "paper.pdf"),
        document(textSource, "note.txt"),
        { type: "text", text: "Compare." },
      ]);
    });
  });

  describe('parameters, for their own request only; proves("request-sampling", "request-thinking")', () => {
    /** Newer models refuse sampling parameters. */
    const sampling = "claude-sonnet-4-6";
    const reset = ["top_p", "top_k", "stop_sequences", "service_tier"];

    test.each([...modes])("in messages, %s mode", async (mode) => {
      const question = { role: "user", content: `tune ${mode}` } as const;
      const body = {
        model: sampling,
        max_tokens: 1234,
        messages: [question],
        temperature: 0.25,
        top_p: 0.5,
        top_k: 7,
        thinking: { type: "enabled", budget_tokens: 1100 },
        stop_sequences: ["STOP", "\n\nHuman:"],
        service_tier: "standard_only",
        output_config: { effort: "low" },
      };
      const first = await bench.clients(mode).post("/v1/messages", body);
      const answer: unknown = await first.json();
      const { messages: _, ...parameters } = body;
      expect(bench.lastAsked()).toMatchObject(parameters);
      expect(first.headers.has("x-ccproxy-ignored-params")).toBe(false);
      const content = textOf(answer);
      await askAnthropic(mode, [question, { role: "assistant", content }, { role: "user", content: "again" }], {
        model: sampling,
        max_tokens: 999,
      });
      expect((await bench.rowOf(bench.traffic.last().requestId)).start).toBe("live");
      const next = bench.lastAsked();
      for (const key of reset) expect(next).not.toHaveProperty(key);
      // Which the CLI itself sends where it does not think.
      expect(next["temperature"] ?? 1).toBe(1);
      expect(next.max_tokens).toBe(999);
      expect(next).not.toMatchObject({ output_config: { effort: "low" } });
      expect(next).not.toMatchObject({ thinking: { type: "enabled" } });
    });

    test.each([...modes])("in chat completions, %s mode", async (mode) => {
      const question = { role: "user", content: `tune openai ${mode}` } as const;
      const first = await askOpenAi(mode, [question], {
        model: sampling,
        max_completion_tokens: 1234,
        temperature: 0.25,
        top_p: 0.5,
        stop: ["STOP", "END"],
        reasoning_effort: "high",
      });
      expect(bench.lastAsked()).toMatchObject({
        model: sampling,
        max_tokens: 1234,
        temperature: 0.25,
        top_p: 0.5,
        stop_sequences: ["STOP", "END"],
        output_config: { effort: "high" },
      });
      const content = first.choices[0]?.message.content ?? "";
      const again = [question, { role: "assistant", content }, { role: "user", content: "again" }] as const;
      await askOpenAi(mode, [...again], { model: sampling });
      expect((await bench.rowOf(bench.traffic.last().requestId)).start).toBe("live");
      const next = bench.lastAsked();
      for (const key of reset) expect(next).not.toHaveProperty(key);
      // Which the CLI itself sends where it does not think.
      expect(next["temperature"] ?? 1).toBe(1);
      expect(next.max_tokens).toBeGreaterThan(1234);
    });

    test("sampling that the model refuses is left out and named", async () => {
      const body = { model, max_tokens: 8, messages: [{ role: "user", content: "hi" }], temperature: 0.5, top_k: 3 };
      const answer = await bench.clients("chat").post("/v1/messages", body);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-ccproxy-ignored-params")).toBe("temperature, top_k");
      expect(bench.lastAsked()).not.toHaveProperty("temperature");
    });

    test.each([
      [{ thinking: { type: "enabled", budget_tokens: 2048, display: "omitted" } }],
      [{ thinking: { type: "adaptive", display: "summarized" }, output_config: { effort: "max" } }],
      [{ thinking: { type: "disabled" } }],
    ])("thinking as %j", async (settings) => {
      const body = { model, max_tokens: 8000, messages: [{ role: "user", content: "think" }], ...settings };
      expect((await bench.clients("chat").post("/v1/messages", body)).status).toBe(200);
      expect(bench.lastAsked()).toMatchObject(settings);
    });

    test.each([
      ["none", { thinking: { type: "disabled" } }],
      ["minimal", { output_config: { effort: "low" } }],
      ["xhigh", { output_config: { effort: "xhigh" } }],
    ] as const)("reasoning_effort %s", async (effort, expected) => {
      await askOpenAi("chat", [{ role: "user", content: "think" }], { reasoning_effort: effort });
      expect(bench.lastAsked()).toMatchObject(expected);
      const ignored = bench.traffic.last().headers.get("x-ccproxy-ignored-params");
      expect(ignored).toBe(effort === "minimal" ? "reasoning_effort" : null);
    });

    test.each([
      ["auto", undefined],
      ["default", "standard_only"],
      ["flex", undefined],
      ["priority", undefined],
    ] as const)("service_tier %s of chat completions", async (tier, expected) => {
      await askOpenAi("chat", [{ role: "user", content: "hi" }], { service_tier: tier });
      expect(bench.lastAsked()["service_tier"]).toBe(expected);
      const ignored = bench.traffic.last().headers.get("x-ccproxy-ignored-params");
      expect(ignored).toBe(tier === "flex" || tier === "priority" ? "service_tier" : null);
    });
  });

  test("a prompt of two megabytes arrives whole", async () => {
    const long = `${"äöü🙂 ".repeat(250_000)}end`;
    await askAnthropic("chat", [{ role: "user", content: long }]);
    expect(conversation()).toEqual([["user", { type: "text", text: long }]]);
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});

/** The text of a message as the messages API gives it. */
function textOf(answer: unknown): string {
  const { content } = answer as { content: { type: string; text?: string }[] }; // A whole answer of this API.
  return content.map(({ text = "" }) => text).join("");
}
