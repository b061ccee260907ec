/** The demo upstream of the built binary, read by the AI SDK: whoever reads a real provider reads it as well. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, type LanguageModel, stepCountIs, streamText, tool } from "ai";

import { binary } from "./support/proxy.ts";

let url = "";
let child: ReturnType<typeof start>;

function start() {
  return Bun.spawn([binary, "demo-upstream", "--port", "0"], { stdout: "pipe", env: { HOME: "/nonexistent" } });
}

beforeAll(async () => {
  child = start();
  let said = "";
  for await (const chunk of child.stdout) {
    said += new TextDecoder().decode(chunk);
    url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? "";
    if (url !== "") break;
  }
});
afterAll(async () => {
  child.kill();
  await child.exited;
});

const apiKey = "demo";
type Reader = readonly [name: string, model: (root: string) => LanguageModel, showsReasoning: boolean];
const openai = (root: string) => createOpenAI({ apiKey, baseURL: `${url}${root}/v1` });
const readers: readonly Reader[] = [
  ["Anthropic", (root) => createAnthropic({ apiKey, baseURL: `${url}${root}/v1` })("claude-haiku-5-5"), true],
  ["OpenAI chat", (root) => openai(root).chat("gpt-4o"), false],
  ["OpenAI Responses", (root) => openai(root).responses("gpt-6.1"), true],
  [
    "OpenAI-compatible",
    (root) => createOpenAICompatible({ name: "any", apiKey, baseURL: `${url}${root}/v1`, includeUsage: true })("m"),
    true,
  ],
];

const lookup = tool({
  inputSchema: jsonSchema<{ q: string }>({ type: "object", properties: { q: { type: "string" } } }),
  execute: ({ q }) => `found ${q}`,
});

describe.each(readers)("%s", (name, modelAt, showsReasoning) => {
  const providerOptions = name === "OpenAI Responses" ? { openai: { reasoningSummary: "auto" } } : {};
  const prompt =
    '[[demo think Hm.]] [[demo say Looking.]] [[demo tool lookup {"q":"a"}]] [[demo tool lookup {"q":"b"}]] ' +
    "[[demo usage in=20 out=30 read=80 write=20 thinking=8]]";

  test.each(["", "/compatible"])(
    "reads text, reasoning, calls and usage, streamed and whole, under '%s'",
    async (root) => {
      const request = { model: modelAt(root), prompt, tools: { lookup }, providerOptions };
      const streamed = streamText(request);
      const whole = await generateText(request);
      const seen = {
        text: await streamed.text,
        reasoning: await streamed.reasoningText,
        calls: (await streamed.toolCalls).map(({ input }) => input),
        finish: await streamed.finishReason,
        usage: await streamed.usage,
      };
      expect(seen).toMatchObject({
        text: "Looking.",
        calls: [{ q: "a" }, { q: "b" }],
        finish: "tool-calls",
        usage: { inputTokens: 120, outputTokens: 30, inputTokenDetails: { cacheReadTokens: 80 } },
      });
      if (showsReasoning) expect(seen.reasoning).toBe("Hm.");
      expect({
        text: whole.text,
        reasoning: whole.reasoningText,
        calls: whole.toolCalls.map(({ input }) => input),
        finish: whole.finishReason,
      }).toMatchObject({
        text: seen.text,
        ...(showsReasoning && { reasoning: "Hm." }),
        calls: seen.calls,
        finish: seen.finish,
      });
    },
  );

  test("goes through a tool loop to its end", async () => {
    const { steps, text } = await generateText({
      model: modelAt(""),
      prompt: '[[demo think Hm.]] [[demo tool lookup {"q":"a"}]] [[demo tool lookup {"q":"b"}]]',
      tools: { lookup },
      stopWhen: stepCountIs(3),
      providerOptions,
    });
    expect(steps).toHaveLength(2);
    expect(text).toContain('lookup answered: "found a"');
    expect(text).toContain('lookup answered: "found b"');
  });

  test("sees errors as errors, before the stream and in it", async () => {
    const reads = async (words: string): Promise<unknown> => {
      const failures: unknown[] = [];
      const { fullStream } = streamText({
        model: modelAt(""),
        prompt: words,
        maxRetries: 0,
        onError: ({ error }) => void failures.push(error),
      });
      try {
        for await (const part of fullStream) void part;
      } catch (error) {
        failures.push(error);
      }
      return failures[0];
    };
    expect(await reads("[[demo error 429 retry-after=1]]")).toMatchObject({ statusCode: 429, isRetryable: true });
    expect(await reads("[[demo fail at=1]] [[demo text 3]]")).toBeDefined();
    expect(await reads("[[demo drop at=1]] [[demo text 3]]")).toBeDefined();
    expect(await reads("[[demo text 3]]")).toBeUndefined();
  });

  test("reads on through what it must ignore", async () => {
    const { text } = streamText({
      model: modelAt("/quirks=crlf,comments"),
      prompt: "[[demo split]] [[demo say ü😀 ☃]]",
    });
    expect(await text).toBe("ü😀 ☃");
  });
});
