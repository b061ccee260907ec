import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";

import { startDemoUpstream } from "#demo/demo-upstream.ts";
import type { DemoUpstream } from "#demo/demo-upstream.ts";

let upstream: DemoUpstream;
let client: Anthropic;

beforeAll(() => {
  upstream = startDemoUpstream();
  client = clientAt("");
});
afterAll(() => upstream.stop());

function clientAt(root: string): Anthropic {
  return new Anthropic({ baseURL: `${upstream.url}${root}`, apiKey: "sk-secret", maxRetries: 0 });
}

const asking = (content: string, model = "claude-opus-5-5") => ({
  model,
  max_tokens: 1000,
  messages: [{ role: "user" as const, content }],
});

async function statusOf(promise: PromiseLike<unknown>): Promise<number | undefined> {
  return await promise.then(
    () => 200,
    (error: unknown) => (error instanceof Anthropic.APIError ? error.status : undefined),
  );
}

describe("a compatible provider's root", () => {
  test("plays any model, and has the same endpoints", async () => {
    const deepseek = clientAt("/anthropic");
    expect(await deepseek.messages.create(asking("hi", "deepseek-chat"))).toMatchObject({ model: "deepseek-chat" });
    expect(await deepseek.messages.countTokens(asking("hi", "deepseek-chat"))).toMatchObject({ input_tokens: 12 });
    expect(await deepseek.models.retrieve("claude-opus-5-5")).toMatchObject({ type: "model" });
    expect(await statusOf(deepseek.messages.create(asking("hi", "no-such-model")))).toBe(404);
  });

  test("may write its streams in a manner of its own", async () => {
    const odd = clientAt("/quirks=whole-calls,no-signature,comments,crlf");
    const prompt = '[[demo think hm]] [[demo tool A {"x":1}]]';
    const events: Anthropic.MessageStreamEvent[] = [];
    for await (const event of await odd.messages.create({ ...asking(prompt), stream: true })) events.push(event);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "content_block_start",
        content_block: expect.objectContaining({ type: "tool_use", input: { x: 1 } }),
      }),
    );
    expect(JSON.stringify(events)).not.toContain("signature_delta");
    const bare = await clientAt("/quirks=no-usage").messages.create(asking("hi"));
    expect(bare).not.toHaveProperty("usage");
  });
});

test("a refusal in the model's own words ends as one", async () => {
  expect(await client.messages.create(asking("[[demo refuse No.]]"))).toMatchObject({
    content: [{ type: "text", text: "No." }],
    stop_reason: "refusal",
  });
});

test("a stream that is cut looks like its end", async () => {
  const asked = await client.messages.create({ ...asking("[[demo cut at=1]] [[demo text 3]]"), stream: true });
  const types: string[] = [];
  for await (const event of asked) types.push(event.type);
  expect(types).toEqual(["message_start", "content_block_start", "content_block_delta"]);
  expect(upstream.requests().at(-1)).toMatchObject({ outcome: "dropped" });
});

describe("batches", () => {
  test("are in progress when made, ended when asked for, and hold what became of each request", async () => {
    const requests = [
      { custom_id: "a", params: asking("[[demo say one]]") },
      { custom_id: "b", params: asking("hi", "gpt-4") },
    ];
    const made = await client.messages.batches.create({ requests });
    expect(made).toMatchObject({
      processing_status: "in_progress",
      request_counts: { processing: 2 },
      results_url: null,
    });
    expect(await client.messages.batches.retrieve(made.id)).toMatchObject({
      processing_status: "ended",
      request_counts: { processing: 0, succeeded: 1, errored: 1 },
    });
    const results: object[] = [];
    for await (const result of await client.messages.batches.results(made.id)) results.push(result);
    expect(results).toMatchObject([
      { custom_id: "a", result: { type: "succeeded", message: { content: [{ text: "one" }] } } },
      { custom_id: "b", result: { type: "errored", error: { error: { type: "not_found_error" } } } },
    ]);
    const ids: string[] = [];
    for await (const { id } of client.messages.batches.list({ limit: 1 })) ids.push(id);
    expect(ids).toEqual([made.id]);
  });

  test("that are unknown or empty are refused", async () => {
    expect(await statusOf(client.messages.batches.retrieve("msgbatch_x"))).toBe(404);
    expect(await statusOf(client.messages.batches.create({ requests: [] }))).toBe(400);
    expect(await statusOf(client.messages.batches.cancel("msgbatch_x"))).toBe(404);
  });
});

describe("files", () => {
  test("are kept by name and size alone", async () => {
    const names = ["a.txt", "b.txt"];
    for (const name of names) {
      const file = new File(["content"], name, { type: "text/plain" });
      expect(await client.files.upload({ file })).toMatchObject({ type: "file", filename: name, size_bytes: 7 });
    }
    const listed: Anthropic.FileMetadata[] = [];
    for await (const file of client.files.list({ limit: 1 })) listed.push(file);
    expect(listed.map(({ filename }) => filename)).toEqual(["b.txt", "a.txt"]);
    expect(JSON.stringify(listed)).not.toContain("content");
    const [{ id } = { id: "" }] = listed;
    expect(await client.files.retrieveMetadata(id)).toMatchObject({ mime_type: expect.stringContaining("text/plain") });
    expect(await client.files.delete(id)).toMatchObject({ id });
    expect(await statusOf(client.files.retrieveMetadata(id))).toBe(404);
  });

  test("without a file are refused", async () => {
    const response = await fetch(`${upstream.url}/v1/files`, {
      method: "POST",
      headers: { "x-api-key": "k" },
      body: "{}",
    });
    expect(response.status).toBe(400);
  });
});

test("a tool runner that begins with a thread goes on without one", async () => {
  const name = "weather";
  const run = () => "Fog.";
  const weather = { type: "custom" as const, name, input_schema: { type: "object" as const }, run, parse: () => ({}) };
  const prompt = "[[demo tool weather]] [[demo then]] [[demo say Bye.]]";
  const answer = await client.beta.messages.toolRunner({ ...asking(prompt), tools: [weather] });
  expect(answer.content).toMatchObject([{ type: "text", text: "Bye." }]);
});

test("a schema is honoured in the place that the beta had for it", async () => {
  const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
  const response = await fetch(`${upstream.url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": "k" },
    body: JSON.stringify({ ...asking("hi"), output_format: { type: "json_schema", schema } }),
  });
  expect(await response.json()).toMatchObject({ content: [{ type: "text", text: '{"n":1}' }] });
});

test("the list of models is that of the API which asks", async () => {
  const list = async (headers: Record<string, string>) =>
    (await fetch(`${upstream.url}/v1/models?limit=1`, { headers: { authorization: "Bearer k", ...headers } })).json();
  expect(await list({ "anthropic-version": "2023-06-01" })).toMatchObject({ has_more: true });
  expect(await list({})).toMatchObject({ object: "list" });
});
