/** OpenAI Responses through the official SDK, on the compiled binary with the real CLI. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { createOpenAI } from "@ai-sdk/openai";
import { Agent, OpenAIResponsesModel, run, setTracingDisabled } from "@openai/agents";
import { generateText, isStepCount, streamText, tool } from "ai";
import OpenAI from "openai";
import { z } from "zod";

import { bodyOf, conversationOf, questions } from "../support/asked.ts";
import { failureOf } from "../support/clients.ts";
import { claudes, type Proxy, startProxy, waitFor } from "../support/proxy.ts";
import { readRows } from "../support/rows.ts";

setDefaultTimeout(60_000);
// It would send what it sees to its vendor.
setTracingDisabled(true);

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let proxy: Proxy;
  const clientIn = (mode: "agent" | "chat") =>
    new OpenAI({
      apiKey: "any",
      baseURL: `${proxy.url}/v1`,
      maxRetries: 0,
      defaultHeaders: { "x-ccproxy-mode": mode },
    });
  beforeAll(async () => {
    proxy = await startProxy({ claude: path, args: ["--pool-size", "0"] });
  });
  afterAll(async () => {
    await proxy.stop();
    await proxy.upstream.stop();
  });
  const lastAsked = () => {
    const question = questions(proxy.upstream).at(-1);
    if (question === undefined) throw new Error("Nothing was asked.");
    return conversationOf(bodyOf(question)).map(([role]) => role);
  };

  // proves("api-openai-responses")
  test.each(["agent", "chat"] as const)("%s mode: an answer is read, kept, and goes on from its id", async (mode) => {
    const client = clientIn(mode);
    const first = await client.responses.create({ model: "sonnet", input: "one [[demo think Hm.]] [[demo say 1]]" });
    expect([first.status, first.output_text]).toEqual(["completed", "1"]);
    expect(first.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    const stream = client.responses.stream({
      model: "sonnet",
      input: "two [[demo say 2]]",
      previous_response_id: first.id,
    });
    const second = await stream.finalResponse();
    expect([second.output_text, second.previous_response_id]).toEqual(["2", first.id]);
    expect(lastAsked()).toEqual(["user", "assistant", "user"]);
    expect((await client.responses.retrieve(second.id)).output_text).toBe("2");
  });

  test("a function is called and answered on the live turn; a custom tool gets its text", async () => {
    const client = clientIn("chat");
    const tools: OpenAI.Responses.Tool[] = [
      { type: "function", name: "look", parameters: { type: "object", properties: {} }, strict: false },
      { type: "custom", name: "patch" },
    ];
    const input: OpenAI.Responses.ResponseInput = [
      { role: "user", content: '[[demo tool look {"at":"x"}]] [[demo tool patch {"input":"*** Begin"}]]' },
    ];
    const called = await client.responses.create({ model: "sonnet", input, tools });
    const calls = called.output.flatMap((item) =>
      item.type === "function_call" || item.type === "custom_tool_call" ? [item] : [],
    );
    expect(calls).toMatchObject([
      { type: "function_call", name: "look", arguments: '{"at":"x"}' },
      { type: "custom_tool_call", name: "patch", input: "*** Begin" },
    ]);
    const results: OpenAI.Responses.ResponseInput = calls.map(({ type, call_id }) =>
      type === "function_call"
        ? { type: "function_call_output", call_id, output: "seen" }
        : { type: "custom_tool_call_output", call_id, output: "done" },
    );
    const answered = await client.responses.create({
      model: "sonnet",
      input: results,
      tools,
      previous_response_id: called.id,
    });
    expect(answered.status).toBe("completed");
    expect(lastAsked()).toEqual(["user", "assistant", "user"]);
  });

  // What follows depends on us alone.
  if (version === claudes[0]?.version) {
    const chatModel = () =>
      createOpenAI({ baseURL: `${proxy.url}/v1`, apiKey: "any", headers: { "x-ccproxy-mode": "chat" } })("sonnet");

    test.each([
      { way: "referring to kept items", openai: {} },
      { way: "sending all of it back", openai: { store: false, include: ["reasoning.encrypted_content" as const] } },
    ])("the AI SDK goes on with what the model thought, $way", async ({ openai }) => {
      const look = tool({ inputSchema: z.object({}), execute: () => "seen" });
      const { text, steps } = await generateText({
        model: chatModel(),
        prompt: "[[demo think Hm.]] [[demo tool look {}]] [[demo then]] [[demo say Done.]]",
        tools: { look },
        stopWhen: isStepCount(3),
        providerOptions: { openai: { reasoningEffort: "high", forceReasoning: true, ...openai } },
      });
      expect([text, steps[0]?.reasoningText, steps.length]).toEqual(["Done.", "Hm.", 2]);
      const question = questions(proxy.upstream).at(-1);
      const [, answer] = question === undefined ? [] : conversationOf(bodyOf(question));
      expect(answer).toMatchObject([
        "assistant",
        { type: "thinking", thinking: "Hm.", signature: expect.any(String) },
        { type: "tool_use", name: "look" },
      ]);
    });

    test("the Agents SDK goes on from the id of a response", async () => {
      const agent = new Agent({ name: "Helper", model: new OpenAIResponsesModel(clientIn("chat"), "sonnet") });
      const first = await run(agent, "one [[demo say 1]]");
      const second = await run(agent, "two [[demo say 2]]", {
        ...(first.lastResponseId !== undefined && { previousResponseId: first.lastResponseId }),
      });
      expect([first.finalOutput, second.finalOutput]).toEqual(["1", "2"]);
      expect(lastAsked()).toEqual(["user", "assistant", "user"]);
    });

    test("one that is being made is cancelled, and says so ever after", async () => {
      const { responses } = clientIn("chat");
      const stream = await responses.create({ model: "sonnet", input: "[[demo text 500 delay=50]]", stream: true });
      let id = "";
      for await (const event of stream) {
        if (event.type === "response.output_text.delta" && id !== "")
          expect(await responses.cancel(id)).toMatchObject({ id, status: "cancelled", background: false });
        if (event.type === "response.created") id = event.response.id;
      }
      await waitFor(() => proxy.upstream.openRequests() === 0 || undefined, 10_000);
      expect(await responses.cancel(id)).toMatchObject({ id, status: "cancelled" });
      expect((await responses.retrieve(id)).output_text).toContain("chunk 1");
      const whole = await responses.create({ model: "sonnet", input: "[[demo say Whole.]]", background: true });
      expect(whole).toMatchObject({ status: "completed", background: false });
      expect(await failureOf(() => responses.cancel(whole.id))).toMatchObject({ status: 400 });
      expect(await failureOf(() => responses.cancel("resp_nope"))).toMatchObject({ status: 404 });
    });

    test.each([
      ["[[demo error 400 too-long]]", "prompt is too long"],
      ["[[demo text 3]] [[demo fail at=2]]", "Overloaded"],
    ])("%s is told by every client", async (prompt, words) => {
      const agent = new Agent({ name: "Helper", model: new OpenAIResponsesModel(clientIn("chat"), "sonnet") });
      const model = chatModel();
      const streamed: unknown[] = [];
      const result = streamText({ model, prompt, maxRetries: 0, onError: ({ error }) => void streamed.push(error) });
      await result.consumeStream();
      const whole = await failureOf(() => generateText({ model, prompt, maxRetries: 0 }));
      for (const failure of [whole, streamed[0], await failureOf(() => run(agent, prompt))])
        expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure)).toLowerCase()).toContain(
          words.toLowerCase(),
        );
    });
  }

  test("what is wrong is an error of this API", async () => {
    const client = clientIn("chat");
    const faultOf = async (body: OpenAI.Responses.ResponseCreateParamsNonStreaming): Promise<unknown> =>
      await client.responses.create(body).then(
        () => "none",
        (thrown: unknown) => thrown,
      );
    expect(await faultOf({ model: "sonnet", input: "x", previous_response_id: "resp_nope" })).toMatchObject({
      status: 400,
      param: "previous_response_id",
    });
    expect(await faultOf({ model: "sonnet", input: "[[demo error 429 retry-after=7]]" })).toMatchObject({
      status: 429,
      code: "rate_limit_exceeded",
    });
  });

  test("each is one row of its format in the access log", async () => {
    await proxy.end();
    const rows = readRows(proxy).filter((row) => row.path === "/v1/responses");
    expect(rows.length).toBeGreaterThanOrEqual(8);
    for (const row of rows) expect(row.wireFormat).toBe("openai-responses");
    expect(rows.filter(({ start }) => start === "live").length).toBeGreaterThanOrEqual(3);
  });
});
