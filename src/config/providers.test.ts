import { expect, test } from "bun:test";

import * as v from "valibot";

import { providerNotices, providerProblems, providersOf } from "./providers.ts";
import { configSchema } from "./schema.ts";

const parsed = (providers: object) => v.parse(configSchema, { providers });
const keyFlows = (providers: object) => providersOf(parsed(providers)).map(({ keyFlow }) => keyFlow);

// proves("upstream-oauth-keys")
test("a way to a key goes with where the API is, unless something else is said", () => {
  expect(
    keyFlows({
      openrouter: {},
      mine: { base_url: "https://openrouter.ai/api/v1" },
      anthropic: { base_url: "https://openrouter.ai/api" },
      gateway: { base_url: "https://gateway.example/v1", oauth: { flow: "openrouter" } },
    }),
  ).toEqual(Array.from({ length: 4 }, () => "openrouter"));
  expect(
    keyFlows({
      openrouter: { base_url: "https://gateway.example/v1" },
      plain: { base_url: "http://openrouter.ai/api/v1" },
      like: { base_url: "https://openrouter.ai.example/api/v1" },
      wrong: { base_url: "openrouter.ai" },
      anthropic: {},
      openai: {},
    }),
  ).toEqual(Array.from({ length: 6 }, () => undefined));
});

test("a base URL of one's own is known to speak one format, and the others are said to be translated", () => {
  const base_url = "https://gateway.example/v1";
  const endpoints = { "openai-chat": base_url };
  expect(providerNotices(parsed({ openai: {}, gemini: { base_url }, acme: { base_url } }))).toEqual([]);
  expect(providerNotices(parsed({ openai: { base_url, endpoints } }))).toEqual([]);
  expect(providerNotices(parsed({ openai: { base_url }, deepseek: { base_url } }))).toEqual([
    expect.stringContaining(
      "providers.openai.base_url stands for all that is known of openai: requests in openai-chat",
    ),
    expect.stringContaining("providers.deepseek.endpoints.anthropic-messages says where"),
  ]);
});

test.each(["chat/completions", "responses/", "messages"])("a base URL that ends in /%s is an endpoint's", (end) => {
  expect(providerProblems(parsed({ acme: { base_url: `https://acme.example/v1/${end}` } }))).toEqual([
    expect.stringMatching(/^providers\.acme: a base URL ends before \/.*; "https:\/\/acme\.example\/v1"$/),
  ]);
});

test.each([
  [{ client_id: "c" }, "takes neither client_id nor sign_in"],
  [{ flow: "openrouter", sign_in: "codex-auth" }, "takes neither client_id nor sign_in"],
  [{ token_url: "http://elsewhere.example/keys" }, "token_url is no https URL"],
  [{ authorize_url: "http://elsewhere.example/" }, "authorize_url is no https URL"],
  [{ redirect_url: "http://elsewhere.example/" }, "redirect_url must be on this machine"],
])("%j is refused", (oauth, words) => {
  expect(providerProblems(parsed({ openrouter: { oauth } }))).toEqual([expect.stringContaining(words)]);
});
