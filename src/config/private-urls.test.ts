import { expect, test } from "bun:test";

import * as v from "valibot";

import { providerProblems } from "./providers.ts";
import { configSchema } from "./schema.ts";

const problems = (acme: object) =>
  providerProblems(v.parse(configSchema, { providers: { acme: { base_url: "https://acme.example", ...acme } } }));

const signIn = { sign_in: "claude-credentials", accept_terms: true };

// proves("upstream-ssrf")
test.each([
  ["", { base_url: "http://[::ffff:10.0.0.1]/v1" }, "[::ffff:a00:1]"],
  ["", { base_url: "https://0x7f.1/v1" }, "127.0.0.1"],
  ["", { endpoints: { "openai-responses": "http://printer/v1" } }, "printer"],
  [".proxy", { proxy: "http://user:secret@192.168.1.1:3128" }, "192.168.1.1"],
  [".oauth.authorize_url", { oauth: { authorize_url: "https://login.internal/a" } }, "login.internal"],
  [".oauth.token_url", { oauth: { token_url: "http://localhost:9/t" } }, "localhost"],
  [".credentials.a.token_url", { credentials: { a: { ...signIn, token_url: "https://[fd00::1]/t" } } }, "[fd00::1]"],
])("providers.acme%s that is private needs an explicit word", (key, settings, host) => {
  const problem = `providers.acme${key}: ${host} is on this machine or in a private network; providers.acme.allow_private = true allows it`;
  expect(problems(settings)).toEqual([problem]);
  expect(problems({ ...settings, allow_private: true })).toEqual([]);
});

test("a proxy is a URL, and is not shown", () => {
  expect(problems({ proxy: "user:secret@proxy.example" })).toEqual(["providers.acme.proxy is no http(s) URL"]);
});
