/** Every API that clients speak on every API that providers speak: what is asked arrives, and what is answered comes back. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { failureOf } from "../support/clients.ts";
import { pixel } from "../support/media.ts";
import { type Answer, type Asker, askers, type Question } from "../support/pair-clients.ts";
import { conversationIn } from "../support/pair-upstreams.ts";
import type { ProviderBench } from "../support/provider-bench.ts";
import { formats, models, openPairBench } from "../support/provider-pairs.ts";
import type { Format } from "../support/provider-ways.ts";

setDefaultTimeout(30_000);

let bench: ProviderBench;
beforeAll(async () => {
  bench = await openPairBench();
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.forget());

const pairs = formats.flatMap((provider) => askers.map((asker) => [asker.name, provider, asker] as const));

async function ask({ ask: put }: Asker, provider: Format, question: Omit<Question, "model">): Promise<Answer> {
  const answer = await put(bench.clients(`/providers/${provider}`), { model: models[provider], ...question });
  const { requestId } = bench.traffic.last();
  bench.expectRow(requestId, { status: 200, errorKind: null, backend: provider, finishReason: expect.any(String) });
  return answer;
}

/** Without a word on what becomes of it. */
const put = ({ ask: send }: Asker, provider: Format, user: string): Promise<Answer> =>
  send(bench.clients(`/providers/${provider}`), { model: models[provider], turns: [{ user }] });

const ignored = (): string | null => bench.traffic.last().headers.get("x-ccproxy-ignored-params");

const effortIn: Readonly<Record<Format, object>> = {
  "anthropic-messages": { thinking: { type: "enabled", budget_tokens: 2000 } },
  "openai-chat": { reasoning_effort: "low" },
  "openai-responses": { reasoning: { effort: "low", summary: "auto" } },
};
const effortAt: Readonly<Record<Format, object>> = {
  "anthropic-messages": { thinking: { type: "enabled" } },
  "openai-chat": { reasoning_effort: "low" },
  "openai-responses": { reasoning: { effort: "low", summary: "auto" } },
};

const endings = {
  length: { directives: "[[demo say Half]] [[demo stop max_tokens]]", text: "Half" },
  filter: { directives: "[[demo say Ha]] [[demo stop refusal]]", text: "Ha" },
  nothing: { directives: "[[demo empty]]", text: "" },
};
const endingsIn: Readonly<Record<Format, Readonly<Record<string, string>>>> = {
  "anthropic-messages": {
    length: "max_tokens",
    filter: "refusal",
    nothing: "end_turn",
    calls: "tool_use",
  },
  "openai-chat": {
    length: "length",
    filter: "content_filter",
    nothing: "stop",
    calls: "tool_calls",
  },
  "openai-responses": {
    length: "max_output_tokens",
    filter: "content_filter",
    nothing: "completed",
    calls: "completed",
  },
};

// proves("upstream-transform")
describe.each(pairs)("%s on %s", (_name, provider, asker) => {
  const { format } = asker;
  const seen = () => conversationIn(provider, bench.lastAsked().body);

  test("text, instructions, and what it cost", async () => {
    const answer = await ask(asker, provider, {
      system: "Be brief. ü",
      turns: [{ user: "Grüße ☃ [[demo say “Hallo” 😀]] [[demo usage in=100 out=20 read=50 thinking=4]]" }],
    });
    expect(answer).toMatchObject({
      model: models[provider],
      text: "“Hallo” 😀",
      calls: [],
      finish: { "anthropic-messages": "end_turn", "openai-chat": "stop", "openai-responses": "completed" }[format],
      usage: { input: 150, output: 20, cacheRead: 50, thinking: 4 },
    });
    const [instructions, asked] = seen();
    expect(instructions).toEqual(["system", "Be brief. ü"]);
    expect(asked?.[0]).toBe("user");
    expect(ignored()).toBeNull();
  });

  test("a history of calls and results keeps its order, its ids and its roles", async () => {
    await ask(asker, provider, {
      turns: [
        { user: "What is the weather?" },
        {
          assistant: "I look.",
          calls: [
            { id: "call_1", name: "weather", input: { city: 'Zürich "ZH"' } },
            { id: "call_2", name: "weather", input: {} },
          ],
        },
        {
          results: [
            { id: "call_1", text: "Fog." },
            { id: "call_2", text: "☀" },
          ],
        },
        { assistant: "Fog, and ☀.", calls: [] },
        { user: "Thanks. [[demo say Bye.]]" },
      ],
      tools: [{ name: "weather", schema: { type: "object", properties: { city: { type: "string" } } } }],
    });
    expect(seen()).toEqual([
      ["user", "What is the weather?"],
      ["assistant", "I look."],
      ["call", "call_1", "weather", { city: 'Zürich "ZH"' }],
      ["call", "call_2", "weather", {}],
      ["result", "call_1", "Fog."],
      ["result", "call_2", "☀"],
      ["assistant", "Fog, and ☀."],
      ["user", "Thanks. [[demo say Bye.]]"],
    ]);
    expect(ignored()).toBeNull();
  });

  test("an image arrives, to the bit", async () => {
    const { text } = await ask(asker, provider, { turns: [{ user: "See. [[demo media]]", png: pixel }] });
    const bytes = Buffer.from(pixel, "base64");
    expect(text).toContain(new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 12));
    expect(seen()).toEqual([
      ["user", "See. [[demo media]]"],
      ["user", "image"],
    ]);
    expect(ignored()).toBeNull();
  });

  test("thinking is asked for, and comes back", async () => {
    const answer = await ask(asker, provider, {
      turns: [{ user: "Think. [[demo think Hm, well.]] [[demo say Done.]]" }],
      more: effortIn[format],
    });
    expect(bench.lastAsked().body).toMatchObject(effortAt[provider]);
    expect(answer.text).toBe("Done.");
    // The helper of OpenAI's SDK drops what it does not know.
    if (answer.reasoning !== undefined) expect(answer.reasoning).toBe("Hm, well.");
    expect(ignored()).toBeNull();
  });

  test.each(Object.entries(endings))("it ends by %s", async (ending, { directives, text }) => {
    const answer = await ask(asker, provider, { turns: [{ user: directives }] });
    expect(answer).toMatchObject({ text, finish: endingsIn[format][ending] });
  });

  test("it refuses in words of its own", async () => {
    const answer = await ask(asker, provider, { turns: [{ user: "[[demo refuse I will not.]]" }] });
    // OpenAI's APIs have a place for such words, and call it an ordinary end.
    const own = { "anthropic-messages": "refusal", "openai-chat": "stop", "openai-responses": "completed" }[format];
    expect(answer).toMatchObject({
      text: "I will not.",
      finish: format === provider ? own : endingsIn[format]["filter"],
    });
  });

  test("two calls at once, whose results go back", async () => {
    const tools = [{ name: "weather", schema: { type: "object", properties: { city: { type: "string" } } } }];
    const user = '[[demo say I look.]] [[demo tool weather {"city": "A"}]] [[demo tool weather {"city": "“B”"}]]';
    const { calls, text, finish } = await ask(asker, provider, { turns: [{ user }], tools });
    expect(calls.map(({ name, input }) => [name, input])).toEqual([
      ["weather", { city: "A" }],
      ["weather", { city: "“B”" }],
    ]);
    expect(text).toBe("I look.");
    expect(finish).toBe(endingsIn[format]["calls"]);
    const results = calls.map(({ id }, index) => ({ id, text: `Result ${index}` }));
    const last = await ask(asker, provider, { turns: [{ user }, { assistant: text, calls }, { results }], tools });
    expect(last.text).toContain("Result 0");
    expect(last.text).toContain("Result 1");
    expect(seen().filter(([kind]) => kind === "result")).toEqual(
      results.map(({ id, text: told }) => ["result", id, told]),
    );
  });

  test("an error before the first byte, and one after it, are errors of the SDK", async () => {
    const refused = await failureOf(() => put(asker, provider, "[[demo error 429 retry-after=7]]"));
    expect(refused).toBeInstanceOf(format === "anthropic-messages" ? Anthropic.APIError : OpenAI.APIError);
    expect(refused).toMatchObject({ status: 429 });
    if (!asker.name.includes("stream")) return;
    const broken = await failureOf(() => put(asker, provider, "[[demo text 5]] [[demo fail at=2]]"));
    expect(broken).toBeInstanceOf(Error);
  });
});

test('each is one row; proves("log-access")', () => bench.checkRows());
