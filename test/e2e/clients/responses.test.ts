/** OpenAI Responses through the official SDK, on the compiled binary with the real CLI. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import OpenAI from "openai";

import { bodyOf, conversationOf, questions } from "../support/asked.ts";
import { claudes, type Proxy, startProxy } from "../support/proxy.ts";
import { readRows } from "../support/rows.ts";

setDefaultTimeout(60_000);

describe.each([...claudes])("claude $version", ({ path }) => {
  let proxy: Proxy;
  const clientIn = (mode: "agent" | "chat") =>
    new OpenAI({
      apiKey: "any",
      baseURL: `${proxy.url}/v1`,
      maxRetries: 0,
      defaultHeaders: { "x-ccproxy-mode": mode },
    });
  beforeAll(async () => {
    proxy = await startProxy({ claude: path, args: ["--pool-size", "2"] });
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
    expect(rows).toHaveLength(8);
    for (const row of rows) expect(row.wireFormat).toBe("openai-responses");
    expect(rows.filter(({ start }) => start === "live").length).toBeGreaterThanOrEqual(3);
  });
});
