import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import OpenAI from "openai";

import { startDemoUpstream } from "#demo/demo-upstream.ts";
import type { DemoUpstream } from "#demo/demo-upstream.ts";
import { createSseParser } from "#lib/sse.ts";

let upstream: DemoUpstream;
let client: OpenAI;

beforeAll(() => {
  upstream = startDemoUpstream();
  client = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: "sk-secret", maxRetries: 0 });
});
afterAll(() => upstream.stop());

const asking = (content: OpenAI.ChatCompletionUserMessageParam["content"]) => ({
  model: "gpt-6.1",
  messages: [{ role: "user" as const, content }],
});

/** The answer of the SDK's stream helper and of a whole request; both must say the same but for ids. */
async function bothWays(content: string): Promise<OpenAI.ChatCompletion> {
  const streaming = { ...asking(content), stream_options: { include_usage: true } };
  const streamed = await client.chat.completions.stream(streaming).finalChatCompletion();
  const whole = await client.chat.completions.create(asking(content));
  const bare = ({ choices, usage }: OpenAI.ChatCompletion) => {
    const [choice] = choices;
    const calls = (choice?.message.tool_calls ?? []).map((call) =>
      call.type === "function" ? [call.function.name, call.function.arguments] : [],
    );
    return [choice?.message.content ?? "", choice?.message.refusal, calls, choice?.finish_reason, usage];
  };
  expect(bare(streamed)).toEqual(bare(whole));
  return whole;
}

interface Posted {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a stream; `[DONE]` as it stands. */
  readonly frames: readonly unknown[];
}

async function post(body: object, root = "/v1"): Promise<Posted> {
  const { status, headers, ...response } = await answer(body, root);
  const frames = createSseParser().push(new TextEncoder().encode(response.text));
  return {
    status,
    headers,
    text: response.text,
    frames: frames.map(({ data }): unknown => (data.startsWith("{") ? JSON.parse(data) : data)),
  };
}

async function answer(body: object, root: string) {
  const response = await fetch(`${upstream.url}${root}/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer k" },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const streaming = (prompt: string) => post({ ...asking(prompt), stream: true });

async function failure(promise: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const thrown: unknown = await Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof OpenAI.APIError) return thrown;
  throw new Error("expected an APIError", { cause: thrown });
}

describe("answers", () => {
  test("text, reasoning, parallel tools and usage", async () => {
    const { choices, usage } = await bothWays(
      '[[demo think hm]] [[demo say  exact  text]] [[demo tool A {"x": [[1]]}]] [[demo tool B]] ' +
        "[[demo usage in=20 out=30 read=80 write=20 thinking=8]]",
    );
    expect(choices).toMatchObject([
      {
        message: {
          content: "exact  text",
          reasoning_content: "hm",
          tool_calls: [
            { type: "function", function: { name: "A", arguments: '{"x":[[1]]}' } },
            { type: "function", function: { name: "B", arguments: "{}" } },
          ],
        },
        finish_reason: "tool_calls",
      },
    ]);
    expect(usage).toMatchObject({
      prompt_tokens: 120,
      completion_tokens: 30,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 80, cache_write_tokens: 20 },
      completion_tokens_details: { reasoning_tokens: 8 },
    });
  });

  test("a stream has the API's order, and usage only for those who asked", async () => {
    const request = {
      ...asking('[[demo think hm]] [[demo say hi]] [[demo tool A {"x":1}]] [[demo tool B]]'),
      stream: true,
    };
    const { frames } = await post({ ...request, stream_options: { include_usage: true } });
    const call = (index: number, name: string) => ({
      index,
      id: expect.stringMatching(/^call_demo_/),
      type: "function",
      function: { name, arguments: "" },
    });
    const choice = (delta: object, finish_reason: string | null = null) => ({
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, finish_reason }],
    });
    expect(frames).toMatchObject([
      choice({ role: "assistant", content: "" }),
      choice({ reasoning_content: "hm" }),
      choice({ content: "hi" }),
      choice({ tool_calls: [call(0, "A")] }),
      choice({ tool_calls: [{ index: 0, function: { arguments: '{"x":1}' } }] }),
      choice({ tool_calls: [call(1, "B")] }),
      choice({ tool_calls: [{ index: 1, function: { arguments: "{}" } }] }),
      choice({}, "tool_calls"),
      { choices: [], usage: {} },
      "[DONE]",
    ]);
    expect(JSON.stringify((await post(request)).frames)).not.toContain("usage");
  });

  test("the ends of an answer", async () => {
    const end = async (prompt: string) => (await bothWays(prompt)).choices[0];
    expect(await end("[[demo stop max_tokens]]")).toMatchObject({ finish_reason: "length" });
    expect(await end("[[demo stop refusal]]")).toMatchObject({ finish_reason: "content_filter" });
    expect(await end("[[demo refuse No.]]")).toMatchObject({
      finish_reason: "stop",
      message: { content: null, refusal: "No." },
    });
    expect(await end("[[demo empty]]")).toMatchObject({ finish_reason: "stop", message: { content: "" } });
  });

  test("`obey`, a forced tool and a schema are served", async () => {
    const say = { ...asking("[[demo say one two STOP three]] [[demo obey]]"), model: "m" };
    const content = async (more: object) => (await post({ ...say, ...more })).text;
    expect(await content({ max_tokens: 2 })).toContain('"content":"one two "');
    expect(await content({ stop: "STOP" })).toContain('"content":"one two "');
    const schema = { type: "object", properties: { city: { type: "string" } } };
    const tools = [{ type: "function" as const, function: { name: "weather", parameters: schema } }];
    for (const tool_choice of ["required", { type: "function", function: { name: "weather" } }])
      expect((await post({ ...asking("?"), tools, tool_choice })).text).toContain(
        '"arguments":"{\\"city\\":\\"demo\\"}"',
      );
    const response_format = { type: "json_schema", json_schema: { name: "answer", schema } };
    expect((await post({ ...asking("?"), response_format })).text).toContain('"content":"{\\"city\\":\\"demo\\"}"');
  });

  test("a tool loop plays its steps and ends by quoting the results", async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: "system", content: "be kind" },
      { role: "user", content: "[[demo tool A]] [[demo tool B]] [[demo then]] [[demo tool C]]" },
    ];
    const names: string[][] = [];
    for (let round = 0; round < 5; round += 1) {
      const { choices } = await client.chat.completions.create({ model: "m", messages });
      const message = choices[0]?.message;
      const calls = message?.tool_calls ?? [];
      if (message === undefined || calls.length === 0) {
        expect(message?.content).toBe('C answered: "result 1"');
        break;
      }
      names.push(calls.map((call) => (call.type === "function" ? call.function.name : "")));
      messages.push(message);
      for (const { id } of calls) messages.push({ role: "tool", tool_call_id: id, content: `result ${round}` });
    }
    expect(names).toEqual([["A", "B"], ["C"]]);
  });

  test("media arrive, and echo shows what came", async () => {
    const parts: OpenAI.ChatCompletionContentPart[] = [
      { type: "image_url", image_url: { url: `data:image/png;base64,${btoa("png!")}` } },
      { type: "image_url", image_url: { url: "https://example.com/a.png" } },
      {
        type: "file",
        file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${btoa("pdf!".repeat(100))}` },
      },
      { type: "text", text: "[[demo media]]" },
    ];
    const described = await client.chat.completions.create(asking(parts));
    expect(described.choices[0]?.message.content).toContain(
      'Attached: image image/png of 4 bytes, sha256 53ec22c45516; image at https://example.com/a.png; document "a.pdf" application/pdf of 400 bytes',
    );
    const tools = [{ type: "function" as const, function: { name: "A" } }];
    const request = {
      ...asking([...parts.slice(0, 3), { type: "text", text: "[[demo echo]]" }]),
      tools,
      odd: { a: 1 },
    };
    const echoed = (await client.chat.completions.create(request)).choices[0]?.message.content ?? "";
    expect(JSON.parse(echoed)).toMatchObject({ tools: ["A"], odd: { a: 1 }, auth: "bearer" });
    expect(echoed).toContain("data:application/pdf;base64,(400 bytes of base64)");
  });

  test("a custom tool is called with a text", async () => {
    const request = {
      ...asking('[[demo tool run {"input": "ls -l"}]]'),
      tools: [{ type: "custom", custom: { name: "run" } }],
    };
    const call = { type: "custom", custom: { name: "run", input: "ls -l" } };
    expect(JSON.parse((await post(request)).text)).toMatchObject({ choices: [{ message: { tool_calls: [call] } }] });
    const { frames } = await post({ ...request, stream: true });
    expect(frames[2]).toMatchObject({
      choices: [{ delta: { tool_calls: [{ index: 0, custom: { input: "ls -l" } }] } }],
    });
  });
});

describe("errors", () => {
  test.each([
    ["[[demo error 429 retry-after=7]]", { status: 429, type: "requests", code: "rate_limit_exceeded" }],
    ["[[demo error 429 insufficient_quota]]", { status: 429, type: "insufficient_quota", code: "insufficient_quota" }],
    ["[[demo error 401]]", { status: 401, code: "invalid_api_key" }],
    ["[[demo error 400 too-long]]", { status: 400, code: "context_length_exceeded" }],
    ["[[demo error 503]]", { status: 503, type: "server_error" }],
    ["[[demo error 529 message=busy]]", { status: 529, type: "server_error" }],
  ])("%s has the API's shape", async (prompt, expected) => {
    const error = await failure(client.chat.completions.create(asking(prompt)));
    expect(error).toMatchObject(expected);
    expect(error.requestID).toMatch(/^req_demo_\d+$/);
    expect(error.headers?.get("x-ratelimit-limit-requests")).toBe("10000");
    expect(error.headers?.get("retry-after")).toBe(prompt.includes("retry-after") ? "7" : null);
  });

  test("wrong requests are refused as the API refuses them", async () => {
    const code = async (more: object, root?: string) => {
      const { status, text } = await post({ ...asking("hi"), ...more }, root);
      return [status, JSON.parse(text).error.param, JSON.parse(text).error.code];
    };
    const user = { role: "user", content: "hi" };
    const call = {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "A", arguments: "{}" } }],
    };
    const result = { role: "tool", tool_call_id: "c1", content: "ok" };
    expect(await code({ messages: undefined })).toEqual([400, "messages", "missing_required_parameter"]);
    expect(await code({ messages: [{ role: "user", content: [{ type: "image" }] }] })).toEqual([
      400,
      "messages[0].content[0].type",
      "invalid_value",
    ]);
    expect(await code({ model: "no-such-model" })).toEqual([404, null, "model_not_found"]);
    expect(await code({ max_tokens: 5 })).toEqual([400, "max_tokens", "unsupported_parameter"]);
    expect(await code({ stream_options: {} })).toEqual([400, "stream_options", null]);
    expect(await code({ tools: [{ type: "function", function: { name: "a.b" } }] })).toEqual([
      400,
      "tools[0].function.name",
      "invalid_value",
    ]);
    expect(await code({ tool_choice: { type: "function", function: { name: "A" } } })).toEqual([
      400,
      "tool_choice",
      null,
    ]);
    expect(await code({ messages: [user, call, user] })).toEqual([400, "messages", null]);
    expect(await code({ messages: [user, result] })).toEqual([400, "messages", null]);
    expect((await post({ ...asking("hi"), messages: [user, call, result, user] })).status).toBe(200);
    expect((await post({ ...asking("hi"), max_tokens: 5 }, "/compatible")).status).toBe(200);
  });

  test("a key has to come as a bearer, and the body as JSON", async () => {
    const status = async (init: RequestInit) => {
      const response = await fetch(`${upstream.url}/v1/chat/completions`, { method: "POST", ...init });
      expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
      return response.status;
    };
    expect(await status({ body: "{}" })).toBe(401);
    expect(await status({ body: "{}", headers: { "x-api-key": "k" } })).toBe(401);
    expect(await status({ body: "{", headers: { authorization: "Bearer k" } })).toBe(400);
  });

  test("in mid-stream they are a chunk, and the status of a whole answer", async () => {
    const { frames } = await streaming("[[demo fail rate_limit_exceeded at=1]] [[demo text 3]]");
    expect(frames).toHaveLength(3);
    expect(frames.at(-1)).toMatchObject({ error: { type: "requests", code: "rate_limit_exceeded" } });
    const asked = client.chat.completions.create(asking("[[demo fail rate_limit_exceeded]]"));
    expect(await failure(asked)).toMatchObject({ status: 429 });
  });

  test("a stream may be cut or reset before its end", async () => {
    const { frames } = await streaming("[[demo cut at=2]] [[demo text 5]]");
    expect(frames).toHaveLength(3);
    expect(await streaming("[[demo drop at=2]] [[demo text 5]]").catch(() => "reset")).toBe("reset");
  });
});

describe("quirks", () => {
  const both = '[[demo think hm]] [[demo say hi]] [[demo tool A {"x":1}]]';
  const usages = (frames: readonly unknown[]) =>
    frames.map((frame) => (typeof frame === "object" && frame !== null && "usage" in frame ? frame.usage : "none"));

  test("of usage", async () => {
    const seen = async (quirk: string) => {
      const request = { ...asking(`[[demo quirk ${quirk}]] [[demo say hi]]`), stream: true };
      return usages((await post({ ...request, stream_options: { include_usage: true } })).frames);
    };
    const some = expect.objectContaining({ completion_tokens: 1 });
    expect(await seen("no-usage")).toEqual(["none", "none", "none", "none"]);
    expect(await seen("usage-null")).toEqual([null, null, null, some, "none"]);
    expect(await seen("usage-each")).toEqual([some, some, some, some, "none"]);
    expect(await seen("usage-last")).toEqual(["none", "none", some, "none"]);
  });

  test("of calls, reasoning and the end", async () => {
    const { frames } = await streaming(`${both} [[demo quirk no-call-index whole-calls reasoning-field no-done]]`);
    expect(frames).toHaveLength(5);
    expect(frames[1]).toMatchObject({ choices: [{ delta: { reasoning: "hm" } }] });
    const call = { id: expect.any(String), type: "function", function: { name: "A", arguments: '{"x":1}' } };
    expect(frames[3]).toMatchObject({ choices: [{ delta: { tool_calls: [call] } }] });
    expect(JSON.stringify(frames)).not.toContain('"tool_calls":[{"index"');
  });

  test("of the stream itself", async () => {
    const { text, frames } = await streaming(`${both} [[demo quirk crlf comments]]`);
    expect(text).toStartWith(": OPENROUTER PROCESSING\r\n\r\ndata: {");
    expect(frames.at(-1)).toBe("[DONE]");
    const whole = await streaming(`${both} [[demo quirk not-streamed]]`);
    expect(JSON.parse(whole.text)).toMatchObject({ object: "chat.completion" });
  });

  test("of errors", async () => {
    const text = async (words: string) => (await post(asking(words))).text;
    expect(JSON.parse(await text("[[demo error 429 message=slow]] [[demo quirk error-array]]"))).toEqual([
      { error: { code: 429, message: "slow", status: "RESOURCE_EXHAUSTED" } },
    ]);
    expect(await text("[[demo error 500 message=bad]] [[demo quirk error-string]]")).toBe('{"error":"bad"}');
    expect(await text("[[demo error 502]] [[demo quirk error-html]]")).toStartWith("<html>");
    const { frames } = await streaming("[[demo fail]] [[demo quirk error-chunk]]");
    expect(frames.at(-1)).toMatchObject({ error: { code: 500 }, choices: [{ finish_reason: "error" }] });
  });

  test("may come with the path, and unknown ones are told", async () => {
    expect((await post(asking("hi"), "/quirks=no-usage/v1")).text).not.toContain('"usage"');
    expect(await post(asking("hi"), "/quirks=odd/v1")).toMatchObject({ status: 400 });
    expect((await post(asking("[[demo quirk odd]]"))).text).toContain("known are crlf");
    const keyless = await fetch(`${upstream.url}/quirks=no-key/v1/models`);
    expect(await keyless.json()).toMatchObject({ object: "list" });
  });
});

describe("models", () => {
  test("are listed and looked up, under any root", async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain("gpt-6.1");
    const other = new OpenAI({ baseURL: `${upstream.url}/api/v1`, apiKey: "k", maxRetries: 0 });
    expect(await other.models.retrieve("anthropic/claude-sonnet-5.5")).toMatchObject({ owned_by: "anthropic" });
    expect(await failure(client.models.retrieve("x"))).toMatchObject({ status: 404, code: "model_not_found" });
  });
});
