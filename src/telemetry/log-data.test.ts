import { expect, test } from "bun:test";

import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";

import { logText, toLogValue } from "./log-data.ts";

const secret = `sk-ant-oat01-${"x".repeat(40)}`;
const prompt = "the prompt nobody may read";

test("plain data passes as it is", () => {
  const data = {
    port: 8000,
    host: "127.0.0.1",
    ready: true,
    none: null,
    list: [1, "two"],
    tokens: { input: 5, output: 7 },
  };
  expect(toLogValue(data)).toEqual(data);
});

test("planted secrets are found by name and by look, at any depth", () => {
  const planted = {
    headers: new Headers({ Authorization: "word", "x-api-key": "word", cookie: "a=word", accept: "*/*" }),
    env: new Map([
      ["ANTHROPIC_API_KEY", "word"],
      ["HOME", "/root"],
    ]),
    url: new URL(`https://user:word@host.example/v1?access_token=word`),
    nested: [{ deep: { note: `got ${secret} today` } }],
    query: new URLSearchParams({ api_key: "word", limit: "5" }),
    set: new Set([`Bearer ${secret}`]),
  };
  const text = JSON.stringify(toLogValue(planted));
  expect(text).not.toContain("word");
  expect(text).not.toContain("x".repeat(10));
  for (const kept of ["*/*", "/root", "limit", "host.example"]) expect(text).toContain(kept);
});

test("secrets in an error, its causes and its siblings are masked, its own options left out", () => {
  const error = new GatewayError("internal", `refused ${secret}`, {
    cause: new AggregateError([new Error(`inner ${secret}`)], `many ${secret}`, {
      cause: { apiKey: "hush-hush", note: secret },
    }),
  });
  const text = JSON.stringify(toLogValue(error));
  expect(text).not.toMatch(/xxxxx|hush/);
  for (const kept of ["internal", "refused", "inner", "many", "log-data.test.ts"]) expect(text).toContain(kept);
});

test('what clients and models said is left out wherever it may hide; proves("log-secrets")', () => {
  const parsed = v.safeParse(v.object({ role: v.literal("user"), n: v.number() }), { role: prompt, n: prompt });
  const said = [
    { body: { messages: [{ role: "user", content: prompt }] } },
    { type: "content_block_delta", delta: { text: prompt } },
    { request: { system: prompt, tools: [{ arguments: prompt }] } },
    { message: { Content: [{ Thinking: prompt }] } },
    { issues: parsed.issues },
    new v.ValiError(parsed.issues ?? fail()),
  ];
  for (const value of said) expect(JSON.stringify(toLogValue(value))).not.toContain("nobody");
});

test("the message of a parser does not quote what it parsed", () => {
  expect(JSON.stringify(toLogValue(parseFailure(`{"a": nobody}`)))).not.toContain("nobody");
});

test("counts under conversation names are kept", () => {
  expect(toLogValue({ input: 5, output: 7, messages: 3 })).toEqual({ input: 5, output: 7, messages: 3 });
});

test("values that JSON cannot hold become text, and functions nothing", () => {
  const odd = {
    big: 12n,
    nan: Number.NaN,
    symbol: Symbol("s"),
    bytes: new Uint8Array(3),
    date: new Date(0),
    never: new Date(Number.NaN),
    nothing: undefined,
    call: () => 1,
  };
  expect(toLogValue(odd)).toEqual({
    big: "12",
    nan: "NaN",
    symbol: "Symbol(s)",
    bytes: "[3 bytes]",
    date: "1970-01-01T00:00:00.000Z",
    never: "Invalid Date",
  });
});

test("a circular, a wide, a deep and a hostile value are all read in bounds", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = [circle, circle, { circle }];
  const wide = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => ({ a: { b: [1, 2, 3] } })));
  const hostile = {
    get boom(): never {
      throw new Error("no");
    },
  };
  expect(JSON.stringify(toLogValue(circle)).length).toBeLessThan(20_000);
  expect(JSON.stringify(toLogValue(wide)).length).toBeLessThan(20_000);
  expect(toLogValue(hostile)).toBe("[unreadable]");
});

test("long text is cut and says how long it was", () => {
  expect(logText("a ".repeat(5000))).toEndWith("… (10000 characters)");
});

test("a secret is masked before the text is cut, so none is cut to a harmless look", () => {
  expect(logText(`${"a ".repeat(995)}${secret}`)).not.toContain("oat01");
});

function parseFailure(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

function fail(): never {
  throw new Error("the schema accepted it");
}
