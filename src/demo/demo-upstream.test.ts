import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";

import { startDemoUpstream } from "./demo-upstream.ts";
import type { DemoUpstream } from "./demo-upstream.ts";

let upstream: DemoUpstream;
let client: Anthropic;

beforeAll(() => {
  upstream = startDemoUpstream();
  client = new Anthropic({ baseURL: upstream.url, apiKey: "sk-secret", maxRetries: 0 });
});
afterAll(() => upstream.stop());
beforeEach(async () => void (await fetch(`${upstream.url}/__demo/reset`, { method: "POST" })));

const asking = (content: Anthropic.MessageParam["content"]) => ({
  model: "claude-opus-5-5",
  max_tokens: 1000,
  messages: [{ role: "user" as const, content }],
});

/** The answer of the SDK's stream helper and of a whole request; both must say the same but for ids. */
async function bothWays(content: string): Promise<Anthropic.Message> {
  const streamed = await client.messages.stream(asking(content)).finalMessage();
  const whole = await client.messages.create(asking(content));
  const bare = ({ content: blocks, stop_reason, stop_sequence, stop_details, usage }: Anthropic.Message) =>
    JSON.stringify([blocks, stop_reason, stop_sequence, stop_details, usage.output_tokens]).replace(
      /toolu_demo_\d+|ZGVtby[^"]*/g,
      "",
    );
  expect(bare(streamed)).toBe(bare(whole));
  return streamed;
}

async function failure(promise: PromiseLike<unknown>): Promise<InstanceType<typeof Anthropic.APIError>> {
  const thrown: unknown = await Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof Anthropic.APIError) return thrown;
  throw new Error("expected an APIError", { cause: thrown });
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !condition(); turn += 1) await Bun.sleep(5);
  expect(condition()).toBe(true);
}

const state = async (): Promise<unknown> => (await fetch(`${upstream.url}/__demo/state`)).json();

// proves("demo-upstream")
describe("answers", () => {
  test("the default one echoes the prompt and says who speaks", async () => {
    const { content, stop_reason } = await bothWays("hällo 😀");
    const text = content[0]?.type === "text" ? content[0].text : "";
    expect(text).toContain('You wrote: "hällo 😀"');
    expect(text).toContain("demo upstream");
    expect(stop_reason).toBe("end_turn");
  });

  test("exact text, thinking, and parallel tools", async () => {
    const { content, stop_reason, usage } = await bothWays(
      '[[demo think hm]] [[demo say  exact  text]] [[demo tool A {"x": [[1]]}]] [[demo tool B]]',
    );
    expect(content).toMatchObject([
      { type: "thinking", thinking: "hm", signature: expect.any(String) },
      { type: "text", text: "exact  text" },
      { type: "tool_use", name: "A", input: { x: [[1]] } },
      { type: "tool_use", name: "B", input: {} },
    ]);
    expect(stop_reason).toBe("tool_use");
    expect(usage.output_tokens_details?.thinking_tokens).toBe(1);
  });

  test("long texts and one big delta", async () => {
    const { content } = await bothWays("[[demo text 50]] [[demo big 100000]]");
    expect(content.map((block) => (block.type === "text" ? block.text.length : 0))).toEqual([441, 100000]);
  });

  test("every stop reason, and no content", async () => {
    expect(await bothWays("[[demo stop max_tokens]]")).toMatchObject({ stop_reason: "max_tokens" });
    expect(await bothWays("[[demo stop refusal]]")).toMatchObject({ stop_details: { type: "refusal" } });
    expect(await bothWays("[[demo stop stop_sequence END]]")).toMatchObject({
      stop_reason: "stop_sequence",
      stop_sequence: "END",
    });
    expect(await bothWays("[[demo empty]]")).toMatchObject({ content: [], stop_reason: "end_turn" });
  });

  test("usage as told", async () => {
    const { usage } = await bothWays("[[demo usage in=1 out=2 read=3 write=9 write-1h=5]]");
    expect(usage).toMatchObject({
      input_tokens: 1,
      output_tokens: 2,
      cache_read_input_tokens: 3,
      cache_creation_input_tokens: 14,
      cache_creation: { ephemeral_5m_input_tokens: 9, ephemeral_1h_input_tokens: 5 },
    });
  });

  test("`obey` keeps to the request's limits", async () => {
    const limited = { ...asking("[[demo say one two STOP three]] [[demo obey]]"), max_tokens: 2 };
    expect(await client.messages.create(limited)).toMatchObject({
      content: [{ text: "one two " }],
      stop_reason: "max_tokens",
    });
    const stopped = await client.messages.create({ ...limited, max_tokens: 100, stop_sequences: ["STOP"] });
    expect(stopped).toMatchObject({ content: [{ text: "one two " }], stop_sequence: "STOP" });
  });

  test("a forced tool and a JSON schema are served without a directive", async () => {
    const schema = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] };
    const forced = await client.messages.create({
      ...asking("weather?"),
      model: "claude-haiku-5-5",
      tools: [{ name: "weather", input_schema: schema }],
      tool_choice: { type: "tool", name: "weather" },
    });
    expect(forced.content).toMatchObject([{ type: "tool_use", name: "weather", input: { city: "demo" } }]);
    const json = await client.messages.create({
      ...asking("weather?"),
      output_config: { format: { type: "json_schema", schema } },
    });
    expect(json.content).toMatchObject([{ text: '{"city":"demo"}' }]);
  });

  test("a tool loop plays its steps and ends by quoting the results", async () => {
    const messages: Anthropic.MessageParam[] = [
      { role: "user", content: '[[demo tool A {"n":1}]] [[demo then]] [[demo tool B]]' },
    ];
    const names: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const { content } = await client.messages.create({ ...asking(""), messages });
      const call = content.find((block) => block.type === "tool_use");
      if (call === undefined) {
        expect(content).toMatchObject([{ text: 'B failed with: "result 1"' }]);
        break;
      }
      names.push(call.name);
      messages.push({ role: "assistant", content });
      messages.push({
        role: "user",
        content: [{ type: "tool_result", tool_use_id: call.id, content: `result ${round}`, is_error: round === 1 }],
      });
    }
    expect(names).toEqual(["A", "B"]);
  });

  test("media are described by type, size and hash", async () => {
    const { content } = await client.messages.create(
      asking([
        { type: "image", source: { type: "base64", media_type: "image/png", data: btoa("png!") } },
        { type: "document", title: "notes", source: { type: "text", media_type: "text/plain", data: "abc" } },
        { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
        // No medium, and its source is an address.
        {
          type: "search_result",
          source: "https://example.com",
          title: "A page",
          content: [{ type: "text", text: "x" }],
        },
        { type: "text", text: "[[demo media]]" },
      ]),
    );
    expect(content).toMatchObject([
      {
        text: 'Attached: image image/png of 4 bytes, sha256 53ec22c45516; document "notes" text/plain of 3 bytes, sha256 ba7816bf8f01; image at https://example.com/a.png.',
      },
    ]);
  });

  test("echo answers with what arrived, and with no secret", async () => {
    const { content } = await client.messages.create({
      ...asking("[[demo echo]]"),
      system: "be kind",
      thinking: { type: "adaptive" },
      stop_sequences: ["X"],
      tools: [{ name: "A", input_schema: { type: "object" } }],
    });
    const text = content[0]?.type === "text" ? content[0].text : "";
    expect(JSON.parse(text)).toMatchObject({
      system: "be kind",
      thinking: { type: "adaptive" },
      stop_sequences: ["X"],
      tools: ["A"],
      max_tokens: 1000,
      messages: [{ role: "user", content: "[[demo echo]]" }],
      headers: { "anthropic-version": expect.any(String) },
    });
    expect(text).not.toContain("sk-secret");
  });
});

describe("faults", () => {
  test("an HTTP error has the API's shape, and `times` ends it", async () => {
    const prompt = '[[demo error 429 retry-after=7 times=1 message="slow down"]]';
    const error = await failure(client.messages.create(asking(prompt)));
    expect(error.status).toBe(429);
    expect(error.type).toBe("rate_limit_error");
    expect(error.message).toContain("slow down");
    expect(error.requestID).toMatch(/^req_demo_\d+$/);
    expect(error.headers?.get("retry-after")).toBe("7");
    expect((await client.messages.create(asking(prompt))).stop_reason).toBe("end_turn");
  });

  test("a prompt that is too long is refused in the API's words", async () => {
    const error = await failure(client.messages.create(asking("[[demo error 400 too-long]]")));
    expect(error.message).toContain("prompt is too long: 200001 tokens > 200000 maximum");
  });

  test("wrong requests are refused as the API refuses them", async () => {
    expect(await failure(client.messages.create({ ...asking("x"), model: "gpt-4" }))).toMatchObject({
      status: 404,
      type: "not_found_error",
    });
    const noLimit = await fetch(`${upstream.url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": "k" },
      body: '{"model":"claude-opus-5-5","messages":[{"role":"user","content":"x"}]}',
    });
    expect(noLimit.status).toBe(400);
    expect(await noLimit.json()).toMatchObject({ error: { message: "max_tokens: Field required" } });
    const post = (init: RequestInit) => fetch(`${upstream.url}/v1/messages`, { method: "POST", ...init });
    expect((await post({ body: "{}" })).status).toBe(401);
    expect((await post({ body: "{", headers: { authorization: "Bearer k" } })).status).toBe(400);
    expect((await post({ body: "x".repeat(33 * 1024 * 1024), headers: { "x-api-key": "k" } })).status).toBe(413);
    const get = (path: string) => fetch(upstream.url + path, { headers: { "x-api-key": "k" } });
    expect((await get("/v1/messages")).status).toBe(405);
    expect((await get("/v1/nothing")).status).toBe(404);
    const socket = { upgrade: "websocket", connection: "upgrade" };
    expect((await fetch(`${upstream.url}/v1/responses`, { headers: socket })).status).toBe(426);
    expect(await failure(client.messages.create(asking("[[demo nonsense]]")))).toMatchObject({ status: 400 });
  });

  test("tools are held to the API's rules", async () => {
    const tool = (name: string) => ({ name, input_schema: { type: "object" as const } });
    const refused = async (more: object, model = "claude-haiku-5-5") =>
      await failure(client.messages.create({ ...asking("hi"), model, max_tokens: 4000, ...more }));
    const forced = { tools: [tool("a")], tool_choice: { type: "any" } };
    expect((await refused({ tools: [tool("a.b")] })).message).toContain("tools.0.name: String should match pattern");
    expect((await refused({ tools: [tool("a"), tool("a")] })).message).toContain("must be unique");
    expect((await refused({ ...forced, tool_choice: { type: "tool", name: "b" } })).message).toContain("'b' not found");
    const thinking = { type: "enabled", budget_tokens: 1024 };
    expect((await refused({ ...forced, thinking })).message).toContain("Thinking may not be enabled");
    expect((await refused(forced, "claude-sonnet-5-5")).message).toContain("forced tool use is not supported");
  });

  test("an error event in mid-stream comes after what was sent, and is a status where nothing streams", async () => {
    let text = "";
    const stream = client.messages.stream(asking("[[demo fail api_error at=2]] hello hello hello hello"));
    stream.on("text", (delta) => void (text += delta));
    expect(await failure(stream.finalMessage())).toMatchObject({ type: "api_error" });
    expect(text).toBe("Hello from the demo upst");
    expect(await failure(client.messages.create(asking("[[demo fail]]")))).toMatchObject({ status: 529 });
  });

  test("a dropped connection breaks the stream after what was sent", async () => {
    const response = await fetch(`${upstream.url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": "k" },
      body: JSON.stringify({ ...asking("[[demo drop at=2]] hello"), stream: true }),
    });
    let text = "";
    const reading = (async () => {
      for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk);
    })();
    expect(
      await reading.then(
        () => "ended",
        () => "broken",
      ),
    ).toBe("broken");
    expect(text).toContain("he demo upst");
    expect(text).not.toContain("message_stop");
    expect(await state()).toMatchObject({ open: 0, aborted: 0 });
  });

  test("split characters arrive whole at a client that decodes well", async () => {
    const { content } = await bothWays("[[demo split]] [[demo say ü😀é ☃ ü😀é ☃]]");
    expect(content).toMatchObject([{ text: "ü😀é ☃ ü😀é ☃" }]);
  });

  test.each(["headers", "start", "1"])("a client that leaves during a stall at %s is counted", async (at) => {
    const leaving = new AbortController();
    const asked = client.messages.create(
      { ...asking(`[[demo stall 60000 at=${at}]] [[demo text 5]]`), stream: true },
      { signal: leaving.signal },
    );
    await waitFor(() => upstream.openRequests() === 1);
    setTimeout(() => leaving.abort(), 20);
    await Promise.resolve(asked).then(
      async (stream) => {
        for await (const event of stream) void event;
      },
      () => undefined,
    );
    await waitFor(() => upstream.openRequests() === 0);
    expect(await state()).toEqual({ open: 0, total: 1, aborted: 1 });
    expect(upstream.requests().at(-1)).toMatchObject({ outcome: "aborted", aborted: true });
  });
});

describe("the other endpoints", () => {
  test("models are listed in pages and looked up", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list({ limit: 2 })) ids.push(model.id);
    expect(ids).toContain("claude-opus-5-5");
    expect(new Set(ids).size).toBe(ids.length);
    expect(await client.models.retrieve("claude-opus-5-5")).toMatchObject({ display_name: "Claude Opus 5.5" });
    expect(await failure(client.models.retrieve("nothing"))).toMatchObject({ status: 404 });
  });

  test("tokens are counted by the documented rule", async () => {
    const { messages, model } = asking("x".repeat(400));
    const counted = await client.messages.countTokens({ model, messages });
    expect(counted.input_tokens).toBe(Math.ceil(JSON.stringify({ messages }).length / 4));
  });

  test("the root answers GET and HEAD without a credential", async () => {
    expect((await fetch(upstream.url)).status).toBe(200);
    expect((await fetch(upstream.url, { method: "HEAD" })).status).toBe(200);
  });

  test("what arrived is recorded, in memory and over HTTP, without credentials", async () => {
    await client.messages.create(asking("one"));
    await client.messages.create(asking("two"));
    expect(upstream.requests()).toHaveLength(2);
    expect(upstream.requests()[0]).toMatchObject({
      method: "POST",
      path: "/v1/messages",
      status: 200,
      outcome: "done",
      body: { messages: [{ content: "one" }] },
    });
    const response = await fetch(`${upstream.url}/__demo/requests?last=1`);
    const told = await response.text();
    expect(JSON.parse(told)).toMatchObject([{ body: { messages: [{ content: "two" }] } }]);
    expect(told).not.toContain("sk-secret");
    expect((await fetch(`${upstream.url}/__demo/nothing`)).status).toBe(404);
  });
});
