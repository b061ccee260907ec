import { describe, expect, test } from "bun:test";

import { refusalError, unreadable } from "./refusal.ts";

describe("a refusal", () => {
  test.each<[number | undefined, string[], string, string]>([
    [400, ["context_length_exceeded"], "Reduce the length.", "context-length"],
    [400, [], "This model's maximum context length is 4096 tokens.", "context-length"],
    [400, ["exceed_context_size_error"], "the request exceeds the available context size", "context-length"],
    [400, ["INVALID_ARGUMENT"], "The input token count (1200000) exceeds the maximum", "context-length"],
    [400, [], "acme/nothing is not a valid model ID", "model-not-found"],
    [400, [], "Model Not Exist", "model-not-found"],
    [400, ["INVALID_ARGUMENT"], "API key not valid. Please pass a valid API key.", "authentication"],
    [400, [], "max_tokens must be positive", "invalid-request"],
    [401, [], "no", "authentication"],
    [402, [], "Insufficient Balance", "billing"],
    [403, [], "no", "permission"],
    [404, [], 'model "llama9" not found, try pulling it first', "model-not-found"],
    [404, [], "The model `gpt-9` does not exist or you do not have access to it.", "model-not-found"],
    [404, [], "Not Found", "not-found"],
    [413, [], "no", "request-too-large"],
    [422, [], "no", "invalid-request"],
    [429, ["rate_limit_exceeded"], "no", "rate-limit"],
    [429, ["insufficient_quota"], "You exceeded your current quota", "billing"],
    [500, [], "no", "upstream"],
    [503, [], "The model is overloaded. Please try again later.", "overloaded"],
    [503, [], "upstream connect error", "upstream"],
    [529, [], "no", "overloaded"],
    [302, [], "", "upstream"],
    [undefined, ["server_error"], "no", "upstream"],
    [undefined, ["RESOURCE_EXHAUSTED"], "no", "rate-limit"],
    [undefined, ["rate_limit_exceeded"], "no", "rate-limit"],
    [undefined, ["invalid_prompt"], "no", "invalid-request"],
  ])("%p %p %p is %s", (status, words, message, kind) => {
    const error = refusalError({ provider: "Acme", status, words, message });
    expect(error.kind).toBe(kind as typeof error.kind); // The table's own word.
    expect(error.message).toStartWith("Acme");
    expect(error.options.upstreamStatus).toBe(status);
  });

  test('is logged without its words, which may quote a prompt; proves("log-secrets")', () => {
    const said = { provider: "Acme", status: 400, message: "my prompt is bad" };
    const { options } = refusalError({ ...said, words: ["invalid_value", "my prompt"] });
    expect(options.logged).toBe("Acme answered with status 400 (invalid_value).");
  });

  test("names the provider, also in what is to be done", () => {
    const error = refusalError({ provider: "Acme", status: 401, words: [], message: "Bad key" });
    expect(error.explanation).toBe("Acme: Bad key. Check the credential that ccproxy is configured with for Acme.");
    const named = refusalError({ provider: "Acme", credential: "ACME_KEY", status: 401, words: [], message: "No" });
    expect(named.options.hint).toBe("Check the credential that ccproxy is configured with for Acme (ACME_KEY).");
  });

  test.each([
    ["Please retry in 34.07s.", 34.07],
    ["Please try again in 250ms.", 0.25],
    ["Please try again in 6m1.5s. Visit", 361.5],
    ["Try again later.", undefined],
  ])("that says %j is worth another try after %p seconds", (message, seconds) => {
    const said = { provider: "Acme", status: 429, words: [], message };
    expect(refusalError(said).options.retryAfterSeconds).toBe(seconds);
    expect(refusalError({ ...said, retryAfterSeconds: 3 }).options.retryAfterSeconds).toBe(3);
  });
});

test.each([
  ["<!doctype html><p>my prompt</p>", '31 characters that begin with "<!doctype"'],
  ['  {"delta":"my prompt"}', '23 characters that begin with "{"'],
  ["", '0 characters that begin with ""'],
])('of %j, which is no answer, the log is told what it looks like alone; proves("log-secrets")', (data, looks) => {
  expect(unreadable(data).cause).toEqual(new Error(looks));
});
