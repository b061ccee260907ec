import { expect, test } from "bun:test";

import * as v from "valibot";

import { tokenProblems } from "./access-tokens.ts";
import { environmentLayer } from "./environment.ts";
import { configSchema, isSecret } from "./schema.ts";

const [first, second] = ["secret-of-one", "secret-of-two"];

function problems(server: object, rule: object = {}) {
  return tokenProblems(v.parse(configSchema, { server, routing: { rules: { r: rule } } }));
}

// proves("auth-named-tokens")
test("tokens that differ, under plain names, are well; also where a rule speaks of them", () => {
  const tokens = { alice: first, "ci-2": second };
  expect(problems({ auth_token: "secret-of-all", tokens })).toEqual([]);
  for (const token of ["alice", "ci*", "*", "/^a/"]) expect(problems({ tokens }, { token })).toEqual([]);
});

test.each([
  [{ tokens: { Alice: first } }, "server.tokens.Alice: a name is made of small letters, digits"],
  [{ tokens: { "a.b": first } }, "server.tokens.a.b: a name is made of"],
  [{ tokens: { a: first, b: first } }, "server.tokens.b is the same token as server.tokens.a"],
  [{ auth_token: first, tokens: { a: first } }, "server.tokens.a is the same token as server.auth_token"],
  [{ auth_token: "sk-ant-oat-ccproxy-openai" }, "server.auth_token must not begin with sk-ant-oat-ccproxy-"],
])("%j is refused, and no token is shown", (server, problem) => {
  const [told = "", ...more] = problems(server);
  expect(more).toEqual([]);
  expect(told).toStartWith(problem);
  expect(told).not.toContain(first);
});

test("a rule for a token that there is none of is refused, with the nearest", () => {
  expect(problems({ tokens: { alice: first } }, { token: "alicia" })).toEqual([
    'routing.rules.r.token names "alicia", which is no token of server.tokens; did you mean alice?',
  ]);
});

test.each(["server.tokens", "server.tokens.alice", "server.auth_token"])("%s is never shown", (key) => {
  expect(isSecret(key)).toBe(true);
});

test("a variable names a token in small letters", () => {
  const { values } = environmentLayer({ CCPROXY__SERVER__TOKENS__ALICE: first }, "environment");
  expect(values).toEqual({ server: { tokens: { alice: first } } });
});
