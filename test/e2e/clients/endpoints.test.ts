/** The rest of the API through its clients: models, token counts, prefixes, headers, what cannot be honoured. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createAnthropic } from "@ai-sdk/anthropic";
import Anthropic from "@anthropic-ai/sdk";
import { generateText } from "ai";
import OpenAI from "openai";

import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { failureOf } from "../support/clients.ts";
import { claudes } from "../support/proxy.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(30_000);
const model = "claude-sonnet-5-5";
const hi = [{ role: "user" as const, content: "hi" }];

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let bench: ClientBench;
  const folder = mkdtempSync(join(tmpdir(), "ccproxy-aliases-"));
  beforeAll(async () => {
    const file = join(folder, "ccproxy.toml");
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, '[aliases."gpt-4o"]\nmodel = "claude-haiku-5-5"\nmode = "chat"\n');
    bench = await openClientBench({ claude: path, args: ["--config", file] });
  });
  afterAll(async () => {
    await bench.end();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => bench.forget());

  describe('models; proves("api-models")', () => {
    test("are one list for both SDKs, and each of them can be asked", async () => {
      const { openai, anthropic } = bench.clients("chat");
      const [fromOpenAi, fromAnthropic] = [
        await Array.fromAsync(openai.models.list()),
        await Array.fromAsync(anthropic.models.list({ limit: 2 })),
      ];
      expect(fromOpenAi.map(({ id }) => id)).toEqual(fromAnthropic.map(({ id }) => id));
      expect(fromOpenAi.length).toBeGreaterThan(2);
      for (const listed of fromOpenAi)
        expect(listed).toMatchObject({ object: "model", owned_by: "anthropic", created: expect.any(Number) });
      for (const listed of fromAnthropic)
        expect(listed).toMatchObject({
          type: "model",
          display_name: expect.any(String),
          created_at: expect.any(String),
        });
      const [first] = fromOpenAi;
      expect((await openai.models.retrieve(first?.id ?? "")).id).toBe(first?.id ?? "none");
      expect((await anthropic.models.retrieve("haiku")).id).toMatch(/^claude-haiku-/);
      const answer = await openai.chat.completions.create({ model: first?.id ?? "", messages: hi });
      // `[1m]` is 2.1.197's way to say that it asks for the long context window.
      expect(answer.model).toBe((first?.id ?? "none").replace("[1m]", ""));
    });

    test("that do not exist are a 404 in either format", async () => {
      const { openai, anthropic } = bench.clients("chat");
      expect(await failureOf(() => openai.models.retrieve("none"))).toBeInstanceOf(OpenAI.NotFoundError);
      expect(await failureOf(() => anthropic.models.retrieve("none"))).toBeInstanceOf(Anthropic.NotFoundError);
    });

    test('have the names given to them; proves("model-aliases")', async () => {
      const { openai } = bench.clients("agent", { headers: { "x-ccproxy-mode": "" } });
      const answer = await openai.chat.completions.create({ model: "gpt-4o", messages: hi });
      expect(answer.model).toBe("claude-haiku-5-5");
      expect(bench.lastAsked().model).toBe("claude-haiku-5-5");
      const { headers, requestId } = bench.traffic.last();
      expect(headers.get("x-ccproxy-model")).toBe("claude-haiku-5-5");
      expect(headers.get("x-ccproxy-mode")).toBe("chat");
      expect(await bench.rowOf(requestId)).toMatchObject({ modelAsked: "gpt-4o", modelUsed: "claude-haiku-5-5" });
    });
  });

  describe('token counts; proves("api-count-tokens")', () => {
    test("grow with the request, without a question to the model", async () => {
      const { anthropic } = bench.clients("chat");
      const short = await anthropic.messages.countTokens({ model, messages: hi });
      const long = await anthropic.messages.countTokens({
        model,
        system: "word ".repeat(1000),
        messages: [...hi, { role: "assistant", content: "yes?" }, { role: "user", content: "word ".repeat(2000) }],
      });
      expect(short.input_tokens).toBeGreaterThan(0);
      expect(long.input_tokens - short.input_tokens).toBeGreaterThan(2000);
      expect(bench.requests()).toEqual([]);
      expect(bench.traffic.last().headers.get("x-ccproxy-backend")).toBe("claude-cli");
      // What the CLI counts for a bare model holds a little more than the model is told.
      expect(bench.traffic.last().headers.get("x-ccproxy-estimate")).toBe("true");
    });

    test("of an agent hold its tools and instructions", async () => {
      const { input_tokens } = await bench.clients("agent").anthropic.messages.countTokens({ model, messages: hi });
      expect(input_tokens).toBeGreaterThan(3000);
      expect(bench.traffic.last().headers.get("x-ccproxy-estimate")).toBeNull();
    });
  });

  // The rest is ours alone, whatever CLI is behind it.
  if (version === claudes[0]?.version) {
    test.each(["", "/claude", "/sdk"])('base URL with %p; proves("api-prefixes-claude")', async (prefix) => {
      const base = `${bench.proxy.url}${prefix}`;
      const { fetch } = bench.traffic;
      const key = { apiKey: "any", maxRetries: 0, fetch, defaultHeaders: { "x-ccproxy-mode": "chat" } };
      const openai = new OpenAI({ ...key, baseURL: `${base}/v1` });
      const anthropic = new Anthropic({ ...key, baseURL: base });
      expect((await openai.chat.completions.create({ model, messages: hi })).choices[0]?.finish_reason).toBe("stop");
      const stream = anthropic.messages.stream({ model, max_tokens: 99, messages: hi });
      expect((await stream.finalMessage()).stop_reason).toBe("end_turn");
      const provider = createAnthropic({ baseURL: `${base}/v1`, apiKey: "any", fetch });
      expect((await generateText({ model: provider(model), prompt: "hi", maxRetries: 0 })).finishReason).toBe("stop");
      expect((await anthropic.messages.countTokens({ model, messages: hi })).input_tokens).toBeGreaterThan(0);
      expect((await Array.fromAsync(openai.models.list())).length).toBeGreaterThan(2);
    });

    describe('what cannot be honoured; proves("request-ignored-params")', () => {
      const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
      const extra = { seed: 7, logit_bias: { "50256": -100 }, user: "me", tools };
      const named = ["seed", "logit_bias", "user", "tools"];
      const agentAlone = { headers: { "x-ccproxy-tools": "agent" } };

      test("is named in a header, and the request answered", async () => {
        const client = bench.clients("agent", agentAlone);
        const response = await client.post("/v1/chat/completions", { model, messages: hi, ...extra });
        expect(response.status).toBe(200);
        const ignored = response.headers.get("x-ccproxy-ignored-params")?.split(", ") ?? [];
        expect(ignored.toSorted()).toEqual(named.toSorted());
        const row = await bench.rowOf(bench.traffic.last().requestId);
        expect(row.ignoredFields.toSorted()).toEqual(named.toSorted());
        for (const name of ["seed", "logit_bias"]) expect(bench.lastAsked()).not.toHaveProperty(name);
      });

      test("is named for streams and for messages too", async () => {
        const body = { model, max_tokens: 99, stream: true, messages: hi, metadata: { user_id: "me" }, container: "c" };
        const response = await bench.clients("agent").post("/v1/messages", body);
        const ignored = response.headers.get("x-ccproxy-ignored-params")?.split(", ") ?? [];
        expect(ignored.toSorted()).toEqual(["container", "metadata.user_id"]);
        await response.text();
      });

      test("is named where it stands in the messages: thinking the CLI's history has no room for", async () => {
        const thinking = { type: "thinking", thinking: "hm", signature: "c2ln" };
        const before = [...hi, { role: "assistant", content: [thinking, { type: "text", text: "so" }] }];
        const body = { model, max_tokens: 99, messages: [...before, ...hi] };
        const named = "messages[1].content[0].thinking";
        for (const stream of [true, false]) {
          const response = await bench.clients("agent").post("/v1/messages", { ...body, stream });
          await response.text();
          expect(response.headers.get("x-ccproxy-ignored-params")).toBe(named);
          expect((await bench.rowOf(bench.traffic.last().requestId)).ignoredFields).toEqual([named]);
        }
        expect((await bench.clients("chat").post("/v1/messages", body)).headers.has("x-ccproxy-ignored-params")).toBe(
          false,
        );
        bench.forget();
        const strict = bench.clients("agent", { headers: { "x-ccproxy-strict": "true" } });
        const refused = await strict.post("/v1/messages", body);
        expect(refused.status).toBe(400);
        expect(await refused.text()).toContain(named);
        expect(bench.requests()).toEqual([]);
      });

      test.each([
        ["/v1/chat/completions", { seed: 7 }, "seed"],
        ["/v1/messages", { container: "c" }, "container"],
      ] as const)("of %s is a 400 where the client insists, and nobody is asked", async (route, more, name) => {
        const strict = bench.clients("chat", { headers: { "x-ccproxy-strict": "true" } });
        const refused = await strict.post(route, { model, max_tokens: 99, messages: hi, ...more });
        expect(refused.status).toBe(400);
        expect(await refused.text()).toContain(name);
        expect(bench.requests()).toEqual([]);
        expect((await strict.post(route, { model, max_tokens: 99, messages: hi })).status).toBe(200);
      });

      test("several answers to one request are refused", async () => {
        const { openai } = bench.clients("chat");
        const error = await failureOf(() => openai.chat.completions.create({ model, messages: hi, n: 2 }));
        expect(error).toBeInstanceOf(OpenAI.BadRequestError);
        expect(error).toMatchObject({ param: "n", type: "invalid_request_error" });
        expect(bench.requests()).toEqual([]);
        expect((await openai.chat.completions.create({ model, messages: hi, n: 1 })).choices).toHaveLength(1);
      });
    });

    test('request ids are the client\'s where it sends one, and ours where not; proves("log-request-id")', async () => {
      for (const route of ["/v1/chat/completions", "/v1/messages"] as const) {
        const body = { model, max_tokens: 99, messages: hi };
        const mine = { headers: { "x-request-id": `mine-${route.length}` } };
        const response = await bench.clients("chat").post(route, body, mine);
        expect(response.headers.get("x-request-id")).toBe(`mine-${route.length}`);
        expect((await bench.rowOf(`mine-${route.length}`)).status).toBe(200);
        const ours = await fetch(`${bench.proxy.url}${route}`, { method: "POST", body: "{" });
        expect(ours.status).toBe(400);
        expect(ours.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
        expect((await bench.rowOf(ours.headers.get("x-request-id") ?? "")).errorKind).toBe("invalid-request");
      }
    });

    test("a request that is wrong is a 400 that names the field, in both formats", async () => {
      const { openai, anthropic, post } = bench.clients("chat");
      const wrong = await failureOf(() => openai.chat.completions.create({ model, messages: hi, temperature: 9 }));
      expect(wrong).toBeInstanceOf(OpenAI.BadRequestError);
      expect(wrong).toMatchObject({ param: "temperature" });
      const other = await failureOf(() => anthropic.messages.create({ model, max_tokens: 0, messages: hi }));
      expect(other).toBeInstanceOf(Anthropic.BadRequestError);
      expect(String(other)).toContain("max_tokens");
      const prefill = [...hi, { role: "assistant", content: "I say" }];
      expect((await post("/v1/messages", { model, max_tokens: 9, messages: prefill })).status).toBe(400);
      expect(bench.requests()).toEqual([]);
    });
  }

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});
