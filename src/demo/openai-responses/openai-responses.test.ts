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

const thinking = { reasoning: { summary: "auto" as const }, include: ["reasoning.encrypted_content" as const] };
const asking = (input: OpenAI.Responses.ResponseCreateParams["input"]) => ({
  model: "gpt-6.1",
  store: false,
  input: input ?? "",
  ...thinking,
});

/** The answer of the SDK's stream helper and of a whole request; both must say the same but for ids. */
async function bothWays(input: string): Promise<OpenAI.Responses.Response> {
  const streamed = await client.responses.stream(asking(input)).finalResponse();
  const whole = await client.responses.create(asking(input));
  const bare = ({ output, status, incomplete_details, usage }: OpenAI.Responses.Response) =>
    JSON.stringify([output, status, incomplete_details, usage]).replace(/_demo_\d+|ZGVtb[^"]*|,"parsed[^,}]*/g, "");
  expect(bare(streamed)).toBe(bare(whole));
  return whole;
}

async function post(body: object, root = "/v1"): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${upstream.url}${root}/responses`, {
    method: "POST",
    headers: { authorization: "Bearer k" },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

async function eventsOf(input: string, more: object = {}): Promise<readonly Event[]> {
  const { text } = await post({ ...asking(input), stream: true, ...more });
  return createSseParser()
    .push(new TextEncoder().encode(text))
    .map(({ event, data }) => {
      const parsed: Event = JSON.parse(data);
      expect(event).toBe(parsed.type);
      return parsed;
    });
}

const typesOf = (events: readonly Event[]) => events.map(({ type }) => type.replace("response.", ""));

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
    const { output, status, usage } = await bothWays(
      '[[demo think hm]] [[demo redacted]] [[demo say  exact  text]] [[demo tool A {"x": [[1]]}]] [[demo tool B]] ' +
        "[[demo usage in=20 out=30 read=80 write=20 thinking=8]]",
    );
    expect(status).toBe("completed");
    expect(output).toMatchObject([
      {
        type: "reasoning",
        summary: [{ type: "summary_text", text: "hm" }],
        encrypted_content: expect.stringMatching(/^ZGVtb/),
      },
      { type: "reasoning", summary: [], encrypted_content: expect.stringMatching(/^ZGVtb/) },
      { type: "message", content: [{ type: "output_text", text: "exact  text", annotations: [] }] },
      { type: "function_call", name: "A", arguments: '{"x":[[1]]}', call_id: expect.stringMatching(/^call_demo_/) },
      { type: "function_call", name: "B", arguments: "{}" },
    ]);
    expect(usage).toMatchObject({
      input_tokens: 120,
      input_tokens_details: { cached_tokens: 80, cache_write_tokens: 20 },
      output_tokens: 30,
      output_tokens_details: { reasoning_tokens: 8 },
      total_tokens: 150,
    });
  });

  test("a stream has the API's order, types and numbers", async () => {
    const events = await eventsOf('[[demo think hm]] [[demo say hi]] [[demo tool A {"x":1}]]');
    expect(typesOf(events)).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "reasoning_summary_part.added",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.done",
      "reasoning_summary_part.done",
      "output_item.done",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "completed",
    ]);
    expect(events.map((event) => event["sequence_number"])).toEqual(events.map((_, number) => number));
    expect(events[0]).toMatchObject({ response: { status: "in_progress", output: [], usage: null } });
    expect(events[2]).toMatchObject({ item: { type: "reasoning", summary: [] } });
    expect(events[2]?.["item"]).not.toHaveProperty("encrypted_content");
    expect(events[14]).toMatchObject({ output_index: 2, item: { arguments: "", status: "in_progress" } });
    expect(events[16]).toMatchObject({ output_index: 2, name: "A", arguments: '{"x":1}' });
  });

  test("reasoning is shown, and sent along, only to those who asked", async () => {
    const bare = { reasoning: undefined, include: undefined };
    expect(typesOf(await eventsOf("[[demo think hm]]", bare))).not.toContain("reasoning_summary_text.delta");
    const { text } = await post({ ...asking("[[demo think hm]]"), ...bare });
    expect(JSON.parse(text)).toMatchObject({ output: [{ type: "reasoning", summary: [] }, { type: "message" }] });
    expect(text).not.toContain("encrypted_content");
  });

  test("the ends of an answer", async () => {
    expect(await bothWays("[[demo stop max_tokens]]")).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ status: "incomplete" }],
    });
    expect(await bothWays("[[demo stop refusal]]")).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
    });
    expect(await bothWays("[[demo refuse No.]]")).toMatchObject({
      status: "completed",
      output: [{ content: [{ type: "refusal", refusal: "No." }] }],
    });
    expect(await bothWays("[[demo empty]]")).toMatchObject({ status: "completed", output: [] });
    expect(typesOf(await eventsOf("[[demo refuse No.]]"))).toContain("refusal.delta");
  });

  test("a forced tool and a schema are served, and the request is told back", async () => {
    const schema = { type: "object", properties: { city: { type: "string" } } };
    const tools = [{ type: "function" as const, name: "weather", strict: false, parameters: schema }];
    const forced = await client.responses.create({ ...asking("?"), tools, tool_choice: "required", temperature: 0.5 });
    expect(forced).toMatchObject({
      output: [{ type: "function_call", arguments: '{"city":"demo"}' }],
      tools,
      tool_choice: "required",
      temperature: 0.5,
      reasoning: { summary: "auto" },
    });
    const text = { format: { type: "json_schema" as const, name: "answer", schema } };
    expect(await client.responses.create({ ...asking("?"), text })).toMatchObject({ output_text: '{"city":"demo"}' });
  });

  test("a tool loop plays its steps and ends by quoting the results", async () => {
    const input: OpenAI.Responses.ResponseInputItem[] = [
      { role: "developer", content: "be kind" },
      { role: "user", content: "[[demo think hm]] [[demo tool A]] [[demo tool B]] [[demo then]] [[demo tool C]]" },
    ];
    const names: string[][] = [];
    for (let round = 0; round < 5; round += 1) {
      const { output, output_text } = await client.responses.create(asking(input));
      const calls = output.filter((item) => item.type === "function_call");
      if (calls.length === 0) {
        expect(output_text).toBe('C answered: "result 1"');
        break;
      }
      names.push(calls.map(({ name }) => name));
      for (const item of output) if (item.type === "function_call" || item.type === "reasoning") input.push(item);
      for (const { call_id } of calls) input.push({ type: "function_call_output", call_id, output: `result ${round}` });
    }
    expect(names).toEqual([["A", "B"], ["C"]]);
  });

  test("a custom tool is called with a text", async () => {
    const tools = [{ type: "custom", name: "run" }];
    const events = await eventsOf('[[demo tool run {"input": "ls -l"}]]', { tools });
    expect(typesOf(events).slice(2, 6)).toEqual([
      "output_item.added",
      "custom_tool_call_input.delta",
      "custom_tool_call_input.done",
      "output_item.done",
    ]);
    expect(events[2]).toMatchObject({ item: { type: "custom_tool_call", name: "run", input: "" } });
    expect(events[5]).toMatchObject({ item: { type: "custom_tool_call", name: "run", input: "ls -l" } });
  });

  test("media arrive", async () => {
    const content = [
      { type: "input_image" as const, detail: "auto" as const, image_url: `data:image/png;base64,${btoa("png!")}` },
      { type: "input_file" as const, filename: "a.pdf", file_url: "https://example.com/a.pdf" },
      { type: "input_text" as const, text: "[[demo media]]" },
    ];
    const { output_text } = await client.responses.create(asking([{ role: "user", content }]));
    expect(output_text).toBe(
      'Attached: image image/png of 4 bytes, sha256 53ec22c45516; document "a.pdf" at https://example.com/a.pdf.',
    );
  });
});

describe("errors", () => {
  test("an HTTP error has the API's shape", async () => {
    const error = await failure(client.responses.create(asking("[[demo error 429 retry-after=7]]")));
    expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded", type: "requests" });
    expect(error.headers?.get("retry-after")).toBe("7");
  });

  test("in mid-stream they are a failed response, and the status of a whole answer", async () => {
    const events = await eventsOf("[[demo fail rate_limit_exceeded at=1]] [[demo text 3]]");
    expect(typesOf(events).slice(-2)).toEqual(["output_text.delta", "failed"]);
    expect(events.at(-1)).toMatchObject({
      sequence_number: events.length - 1,
      response: { status: "failed", error: { code: "rate_limit_exceeded" } },
    });
    const flat = await eventsOf("[[demo fail]] [[demo quirk error-event]]");
    expect(flat.at(-1)).toMatchObject({ type: "error", code: "server_error", param: null });
    expect(await failure(client.responses.create(asking("[[demo fail]]")))).toMatchObject({ status: 500 });
  });

  test("a stream may be cut or reset before its end", async () => {
    expect(typesOf(await eventsOf("[[demo cut at=2]] [[demo text 5]]")).at(-1)).toBe("output_text.delta");
    expect(await eventsOf("[[demo drop at=2]] [[demo text 5]]").catch(() => "reset")).toBe("reset");
  });

  test("wrong requests are refused as the API refuses them", async () => {
    const code = async (more: object, root?: string) => {
      const { status, text } = await post({ ...asking("hi"), ...more }, root);
      return status === 200 ? 200 : [status, JSON.parse(text).error.param, JSON.parse(text).error.code];
    };
    const user = { role: "user", content: "hi" };
    const call = { type: "function_call", call_id: "c1", name: "A", arguments: "{}" };
    const result = { type: "function_call_output", call_id: "c1", output: "ok" };
    const foreign = { type: "reasoning", summary: [], encrypted_content: "c29tZW9uZSBlbHNl" };
    expect(await code({ input: undefined })).toEqual([400, "input", "missing_required_parameter"]);
    expect(await code({ input: [{ role: "user", content: [{ type: "text", text: "a" }] }] })).toEqual([
      400,
      "input[0].content[0].type",
      "invalid_value",
    ]);
    expect(await code({ input: [{ type: "function_call", name: "A" }] })).toEqual([
      400,
      "input[0].call_id",
      "missing_required_parameter",
    ]);
    expect(await code({ input: [user, call] })).toEqual([400, "input", null]);
    expect(await code({ input: [user, result] })).toEqual([400, "input", null]);
    expect(await code({ input: [user, foreign] })).toEqual([400, null, "invalid_encrypted_content"]);
    expect(await code({ input: [user, call, result, { type: "web_search_call", id: "w" }] })).toBe(200);
    expect(await code({ previous_response_id: "resp_1" })).toEqual([
      400,
      "previous_response_id",
      "previous_response_not_found",
    ]);
    expect(await code({ max_output_tokens: 1 })).toEqual([400, "max_output_tokens", "integer_below_min_value"]);
    expect(await code({ max_output_tokens: 1 }, "/compatible")).toBe(200);
    expect(await code({ model: "unknown" })).toEqual([404, null, "model_not_found"]);
    expect(await failure(client.responses.retrieve("resp_1"))).toMatchObject({ status: 404 });
  });
});

describe("what is kept", () => {
  const { store: _store, ...plain } = asking("[[demo say One.]]");
  const stranger = new OpenAI({ apiKey: "sk-other", maxRetries: 0 });

  test("can be asked for, gone on from and deleted by the account that made it", async () => {
    const made = await client.responses.create(plain);
    expect(await client.responses.retrieve(made.id)).toMatchObject({ id: made.id, output_text: "One." });
    expect((await client.responses.inputItems.list(made.id)).data).toMatchObject([{ role: "user" }]);
    const goesOn = { ...asking("[[demo echo]]"), previous_response_id: made.id };
    expect((await client.responses.create(goesOn)).output_text).toContain("One.");
    const other = stranger.withOptions({ baseURL: `${upstream.url}/v1` });
    expect(await failure(other.responses.retrieve(made.id))).toMatchObject({ status: 404 });
    expect(await failure(client.responses.cancel(made.id))).toMatchObject({ status: 400 });
    await client.responses.delete(made.id);
    expect(await failure(client.responses.retrieve(made.id))).toMatchObject({ status: 404 });
  });

  test("is not what may not be, and what runs in the background can be cancelled", async () => {
    const passing = await client.responses.create(asking("x"));
    expect(await failure(client.responses.retrieve(passing.id))).toMatchObject({ status: 404 });
    const made = await client.responses.create({ ...plain, background: true });
    expect((await client.responses.cancel(made.id)).status).toBe("cancelled");
    expect((await client.responses.retrieve(made.id)).status).toBe("cancelled");
  });
});

describe("quirks", () => {
  test("of reasoning, calls, usage and the stream itself", async () => {
    const { text } = await post({
      ...asking("[[demo think hm]] [[demo tool A]] [[demo quirk no-usage no-event-names reasoning-text]]"),
      stream: true,
    });
    expect(text).not.toContain("event:");
    expect(text).toContain('"type":"response.reasoning_text.delta"');
    expect(text).toContain('"content":[{"type":"reasoning_text","text":"hm"}]');
    expect(text).not.toContain('"usage":{');
  });
});

test("input tokens are counted", async () => {
  const counted = await client.responses.inputTokens.count({ model: "gpt-6.1", input: "x".repeat(400) });
  const messages = [{ role: "user", content: "x".repeat(400) }];
  expect(counted).toMatchObject({
    object: "response.input_tokens",
    input_tokens: Math.ceil(JSON.stringify({ messages }).length / 4),
  });
});
