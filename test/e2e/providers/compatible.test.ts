/** Providers known by name, each where its API would be and with its habits: configuration is all they take. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { fingerprintOf } from "#demo/credential.ts";

import { failureOf } from "../support/clients.ts";
import { askers } from "../support/pair-clients.ts";
import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import type { Format } from "../support/provider-ways.ts";

setDefaultTimeout(30_000);

const keys = {
  OPENAI_API_KEY: "sk-proj-of-openai",
  DEEPSEEK_API_KEY: "sk-of-deepseek",
  OPENROUTER_API_KEY: "sk-or-v1-of-openrouter",
  GEMINI_API_KEY: "AIza-of-gemini",
  PERPLEXITY_API_KEY: "pplx-of-perplexity",
};

interface Known {
  readonly name: string;
  /** In the place of the vendor's host. */
  readonly settings: (demo: string) => object;
  readonly key: string | undefined;
  /** As clients call it, on the bare path; `sent` as the provider does. */
  readonly model: string;
  readonly sent: string;
  /** Where a client of each format ends up. */
  readonly path: Readonly<Record<Format, string>>;
  /** USD, by the vendor's list, of 100 tokens, 50 from a cache, and 20 of an answer. */
  readonly cost: number | null;
}

const chatAt = (path: string): Known["path"] => ({
  "anthropic-messages": path,
  "openai-chat": path,
  "openai-responses": path,
});

const providers: readonly Known[] = [
  {
    name: "openai",
    settings: (demo) => ({ endpoints: { "openai-responses": `${demo}/v1`, "openai-chat": `${demo}/v1` } }),
    key: keys.OPENAI_API_KEY,
    model: "gpt-5.5",
    sent: "gpt-5.5",
    cost: expect.closeTo(0.001125, 10),
    path: {
      "anthropic-messages": "/v1/responses",
      "openai-chat": "/v1/chat/completions",
      "openai-responses": "/v1/responses",
    },
  },
  {
    name: "deepseek",
    settings: (demo) => ({
      endpoints: { "openai-chat": `${demo}/deepseek/v1`, "anthropic-messages": `${demo}/deepseek/anthropic` },
    }),
    key: keys.DEEPSEEK_API_KEY,
    model: "deepseek-v4-pro",
    sent: "deepseek-v4-pro",
    cost: expect.closeTo(0.0002134, 10),
    path: {
      ...chatAt("/deepseek/v1/chat/completions"),
      "anthropic-messages": "/deepseek/anthropic/v1/messages",
    },
  },
  {
    name: "openrouter",
    settings: (demo) => ({ base_url: `${demo}/quirks=comments,reasoning-field,usage-last/api/v1` }),
    key: keys.OPENROUTER_API_KEY,
    model: "openrouter/moonshotai/kimi-k3",
    sent: "moonshotai/kimi-k3",
    cost: expect.any(Number),
    path: chatAt("/quirks=comments,reasoning-field,usage-last/api/v1/chat/completions"),
  },
  {
    name: "gemini",
    settings: (demo) => ({ base_url: `${demo}/quirks=error-array,whole-calls/v1beta/openai/` }),
    key: keys.GEMINI_API_KEY,
    model: "gemini-3.1-pro-preview",
    sent: "gemini-3.1-pro-preview",
    cost: expect.closeTo(0.00045, 10),
    path: chatAt("/quirks=error-array,whole-calls/v1beta/openai/chat/completions"),
  },
  {
    name: "ollama",
    settings: (demo) => ({ base_url: `${demo}/quirks=no-key,no-done,error-string/v1` }),
    key: undefined,
    model: "ollama/qwen3:8b",
    sent: "qwen3:8b",
    cost: null,
    path: chatAt("/quirks=no-key,no-done,error-string/v1/chat/completions"),
  },
  // Not known by name; its API has no version in its paths.
  {
    name: "perplexity",
    settings: (demo) => ({
      base_url: `${demo}/perplexity`,
      credentials: { main: { env: "PERPLEXITY_API_KEY" } },
      models: ["sonar*"],
    }),
    key: keys.PERPLEXITY_API_KEY,
    model: "sonar-pro",
    sent: "sonar-pro",
    cost: null,
    path: chatAt("/perplexity/chat/completions"),
  },
];

let bench: ProviderBench;
beforeAll(async () => {
  bench = await openProviderBench({
    env: keys,
    config: (demo) => ({
      providers: Object.fromEntries(
        providers.map(({ name, settings }) => [name, { allow_private: true, max_retries: 0, ...settings(demo) }]),
      ),
    }),
  });
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.forget());

const cases = providers.flatMap((provider) =>
  askers.map((asker) => [asker.name, provider.name, provider, asker] as const),
);

// proves("upstream-others", "upstream-api-key", "observe-pricing")
describe.each(cases)("%s on %s", (_name, _provider, known, { format, ask }) => {
  const { name, model, sent, path, key, cost } = known;
  const credentials = (): Record<string, string> => {
    if (key === undefined) return {};
    const print = fingerprintOf(key);
    return path[format].endsWith("/messages") ? { "x-api-key": print } : { authorization: `Bearer ${print}` };
  };

  test("thoughts, words, calls and tokens", async () => {
    const tools = [{ name: "weather", schema: { type: "object", properties: { city: { type: "string" } } } }];
    const user =
      '[[demo think Hm.]] [[demo say I look.]] [[demo tool weather {"city": "A"}]] [[demo tool weather {"city": "B"}]] [[demo usage in=100 out=20 read=50]]';
    const more = {
      "openai-responses": { reasoning: { effort: "medium", summary: "auto" } },
      "openai-chat": {},
      "anthropic-messages": { thinking: { type: "enabled", budget_tokens: 2000 } },
    }[format];
    const answer = await ask(bench.clients(""), { model, turns: [{ user }], tools, more });
    expect(answer).toMatchObject({ model: sent, text: "I look.", usage: { input: 150, output: 20, cacheRead: 50 } });
    expect(answer.calls.map(({ input }) => input)).toEqual([{ city: "A" }, { city: "B" }]);
    expect(new Set(answer.calls.map(({ id }) => id)).size).toBe(2);
    const asked = bench.lastAsked();
    expect(asked.path).toBe(path[format]);
    expect(asked.credentials).toEqual(credentials());
    expect(asked.body).toMatchObject({ model: sent });
    const { headers, requestId } = bench.traffic.last();
    expect(headers.get("x-ccproxy-backend")).toBe(name);
    bench.expectRow(requestId, {
      backend: name,
      status: 200,
      finishReason: "tool-calls",
      inputTokens: 150,
      outputTokens: 20,
      costUsd: cost,
    });
    // Shown where the provider's own words for it are not simply passed on.
    const isPassed = name === "openrouter" && format === "openai-chat";
    if (answer.reasoning !== undefined && !isPassed) expect(answer.reasoning).toBe("Hm.");
  });

  test("a refusal in the vendor's own manner is an error of the client's SDK", async () => {
    const failure = await failureOf(() =>
      ask(bench.clients(""), {
        model,
        turns: [{ user: '[[demo error 429 retry-after=60 message="Slow down, please"]]' }],
      }),
    );
    expect(failure).toMatchObject({ status: 429 });
    expect(String(failure)).toContain("Slow down");
    bench.expectRow(bench.traffic.last().requestId, { backend: name, status: 429, errorKind: "rate-limit" });
  });
});

test('each is one row; proves("log-access")', () => bench.checkRows());
