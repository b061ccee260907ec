import { expect, test } from "bun:test";

import * as v from "valibot";

import { configSchema } from "#config/schema.ts";

import { explainRoute, type RouteQuestion } from "./explain-route.ts";

const config = v.parse(configSchema, {
  server: { tokens: { alice: "secret-of-alice" } },
  providers: {
    openai: {},
    local: { base_url: "http://127.0.0.1:9/v1", wire_format: "openai-chat", allow_private: true },
  },
  aliases: { fast: { model: "gpt-6-luna" } },
  routing: {
    rules: {
      alices: { token: "al*", backend: "claude-cli" },
      big: { min_kb: 5, backend: "local" },
      team: { headers: { "X-Team": "re*" }, to_model: "local/qwen" },
      careful: { model: "careful-*", backend: "openai", effort: "high" },
      raw: { model: "/^raw/", backend: "local", relay: "always" },
      short: { model: "short", max_output_tokens: 9, temperature: 0, mode: "chat", backend: "claude-cli" },
    },
    fallbacks: { local: ["openai/gpt-6", "claude-cli"] },
  },
});

function explain({
  headers,
  ...question
}: Partial<Omit<RouteQuestion, "headers">> & { headers?: Record<string, string> }) {
  return explainRoute(config, {
    path: "/v1/chat/completions",
    bytes: 10,
    body: {},
    ...question,
    headers: new Headers(headers),
  });
}

const of = (model: string) => ({ body: { model } });

test.each([
  [of("sonnet"), "claude-cli", "claude-cli does not take openai-chat as it comes."],
  [of("gpt-6-luna"), "openai", null],
  [{ ...of("gpt-6-luna"), path: "/v1/messages" }, "openai", "openai does not take anthropic-messages as it comes."],
  [of("fast"), "openai", "Its model is an alias."],
  [
    { ...of("gpt-6-luna"), headers: { "x-ccproxy-session": "s" } },
    "openai",
    "It goes on with something that is kept here.",
  ],
  [{ ...of("gpt-6-luna"), bytes: 9000 }, "local", null],
  [{ ...of("x"), path: "/providers/local/v1/chat/completions" }, "local", null],
  [{ ...of("x"), headers: { "x-ccproxy-backend": "openai" } }, "openai", null],
  [{ ...of("x"), headers: { authorization: "Bearer sk-ant-oat-ccproxy-openai.secret" } }, "openai", null],
  [{ ...of("gpt-6-luna"), token: "alice" }, "claude-cli", "claude-cli does not take openai-chat as it comes."],
])("%o is answered by %s", (question, backend, translatedBecause) => {
  expect(explain(question)).toMatchObject({ backend, translatedBecause });
});

test("where only listed models may be asked for, a request still passes as it came", () => {
  const strict = { ...config, models: { ...config.models, passthrough: false } };
  const question = { path: "/v1/chat/completions", bytes: 10, body: { model: "gpt-6-luna" }, headers: new Headers() };
  expect(explainRoute(strict, question).translatedBecause).toBeNull();
});

test("that a response may be kept by somebody who alone can go on from it is said, as the configuration does not tell", () => {
  const goesOn = { path: "/v1/responses", body: { model: "gpt-6-luna", previous_response_id: "resp_1" } };
  expect(explain(goesOn).unless).toContain("by a provider, which alone can answer");
  expect(explain({ ...goesOn, body: of("gpt-6-luna").body }).unless).toBeNull();
  expect(explain({ body: goesOn.body }).unless).toBeNull();
});

test("each rule is told with what of it does not hold", () => {
  expect(explain({ ...of("sonnet"), headers: { "x-team": "research" } })).toMatchObject({
    backend: "local",
    model: { asked: "sonnet", sent: "qwen" },
    why: "By the rule team. The model's name begins with it.",
    rules: [
      { name: "alices", mismatch: "token" },
      { name: "big", mismatch: "min_kb" },
      { name: "team", mismatch: null },
      { name: "careful", mismatch: "model" },
      { name: "raw", mismatch: "model" },
      { name: "short", mismatch: "model" },
    ],
  });
});

test("what a rule sets is told, and why a request is read for it", () => {
  expect(explain(of("careful-1"))).toMatchObject({
    options: { effort: "high" },
    translatedBecause: "The rule sets effort.",
  });
});

test("its other options are told by their names, and only those it has", () => {
  expect(explain(of("short")).options).toEqual({ mode: "chat", temperature: 0, max_output_tokens: 9 });
  expect(explain(of("sonnet")).options).toEqual({});
});

test("who stands in is told, and who would not be asked, because the rule passes bytes on", () => {
  expect(explain(of("raw-1")).fallbacks).toEqual([
    { backend: "openai", model: "gpt-6", notAsked: null },
    {
      backend: "claude-cli",
      model: undefined,
      notAsked: "The rule passes it on as it came, and claude-cli does not take openai-chat so.",
    },
  ]);
  expect(explain(of("local/x")).fallbacks.map(({ notAsked }) => notAsked)).toEqual([null, null]);
});

test("what would be a 404 is told as the server would tell it: a path, and a mistyped backend", () => {
  expect(() => explain({ ...of("gpt-6"), path: "/v1/embeddings" })).toThrow(
    expect.objectContaining({ kind: "not-found", message: "There is nothing at POST /v1/embeddings." }),
  );
  expect(explain({ ...of("x"), path: "/providers/openai/v1/embeddings" })).toMatchObject({ backend: "openai" });
  expect(() => explain(of("opneai/gpt-6"))).toThrow(
    expect.objectContaining({
      kind: "model-not-found",
      options: { param: "model", hint: "Did you mean openai/gpt-6?" },
    }),
  );
});

test("a rule that cannot be kept is refused as the server would refuse it", () => {
  expect(() => explain({ ...of("raw-1"), path: "/v1/messages" })).toThrow(
    expect.objectContaining({ kind: "invalid-request", message: expect.stringContaining("does not take") }),
  );
});
