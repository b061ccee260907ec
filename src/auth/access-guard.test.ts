import { describe, expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { type AccessTokens, createAccessGuard } from "./access-guard.ts";

const guard = createAccessGuard({ plain: "s3cret-tökén" });

function admits(headers: Record<string, string>): boolean {
  try {
    guard.admit(new Headers(headers));
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    return false;
  }
}

function callerOf(tokens: AccessTokens, headers: Record<string, string> = {}) {
  return createAccessGuard(tokens).admit(new Headers(headers));
}

test("accepts the token as Bearer, in any case, or as x-api-key, and names the caller after it, not by it", () => {
  const caller = callerOf({ plain: "abc" }, { authorization: "Bearer abc" });
  expect(caller).toEqual({
    principal: expect.stringMatching(/^token-[0-9a-f]{16}$/),
    token: undefined,
    backend: undefined,
  });
  expect(callerOf({ plain: "abc" }, { authorization: "bearer   abc" })).toEqual(caller);
  expect(callerOf({ plain: "abc" }, { "x-api-key": "abc" })).toEqual(caller);
  expect(callerOf({ plain: "abc" }, { authorization: "Bearer dummy", "x-api-key": "abc" })).toEqual(caller);
  expect(callerOf({ plain: "abd" }, { "x-api-key": "abd" }).principal).not.toBe(caller.principal);
  expect(callerOf({}).principal).toBe("local");
});

test.each([
  [{}],
  [{ authorization: "" }],
  [{ authorization: "Bearer" }],
  [{ authorization: "Bearer " }],
  [{ authorization: "Basic s3cret" }],
  [{ authorization: "Bearer s3cret" }],
  [{ "x-api-key": "" }],
  [{ "x-api-key": "s3cret-token-and-more" }],
])("refuses %j", (headers) => {
  expect(admits(headers)).toBe(false);
});

test("without a token everyone is admitted, with any key", () => {
  expect(callerOf({}, { authorization: "Bearer sk-anything" }).principal).toBe("local");
});

// proves("auth-named-tokens")
describe("tokens with names", () => {
  const tokens = { plain: "of-everybody", named: new Map(Object.entries({ alice: "of-alice", bob: "of-bob" })) };

  test.each([
    ["of-alice", "token:alice", "alice"],
    ["of-bob", "token:bob", "bob"],
    ["of-everybody", expect.stringMatching(/^token-/), undefined],
  ])("%s is known, and its caller by the name", (key, principal, token) => {
    expect(callerOf(tokens, { "x-api-key": key })).toMatchObject({ principal, token });
  });

  test("are all asked for where there are any", () => {
    expect(() => callerOf(tokens, { "x-api-key": "of-carol" })).toThrow("The access token is wrong.");
    expect(() => callerOf({ named: tokens.named })).toThrow("An access token is needed.");
  });

  test("keep their caller when the token is replaced", () => {
    const next = { named: new Map([["alice", "another"]]) };
    expect(callerOf(next, { "x-api-key": "another" }).principal).toBe("token:alice");
  });
});

// proves("upstream-key-names")
describe("a key that names a backend", () => {
  const name = "sk-ant-oat-ccproxy-openai";

  test.each([[{ "x-api-key": name }], [{ authorization: `Bearer ${name}` }]])("%j names it", (headers) => {
    expect(callerOf({}, headers)).toEqual({ principal: "local", token: undefined, backend: "openai" });
  });

  test.each([
    [{ "x-api-key": name, authorization: "Bearer se.same" }],
    [{ "x-api-key": "se.same", authorization: `Bearer ${name}` }],
    [{ "x-api-key": `${name}.se.same` }],
    [{ authorization: `Bearer ${name}.se.same` }],
  ])("%j presents the token beside it, or behind it", (headers) => {
    expect(callerOf({ plain: "se.same" }, headers)).toMatchObject({
      principal: callerOf({ plain: "se.same" }, { "x-api-key": "se.same" }).principal,
      backend: "openai",
    });
  });

  test.each([
    [{ "x-api-key": name }, "An access token is needed."],
    [{ "x-api-key": `${name}.` }, "An access token is needed."],
    [{ "x-api-key": `${name}.sesam` }, "The access token is wrong."],
    [{ "x-api-key": `${name}.se.same.` }, "The access token is wrong."],
    [{ "x-api-key": name, authorization: "Bearer sesam" }, "The access token is wrong."],
  ])("%j lets nobody in", (headers, message) => {
    const asked = () => callerOf({ plain: "se.same" }, headers);
    expect(asked).toThrow(message);
    expect(asked).toThrow(
      expect.objectContaining({
        options: { hint: expect.stringContaining("`sk-ant-oat-ccproxy-<backend>.<token>`") },
      }),
    );
  });
});
