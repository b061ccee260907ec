import { expect, test } from "bun:test";

import { openingIn } from "./opening.ts";

const again = [
  { role: "assistant", content: "Well." },
  { role: "user", content: "And then?" },
];
const hello = { role: "user", content: "Hello" };
const cached = (text: string) => [{ type: "text", text, cache_control: { type: "ephemeral" } }];

// proves("upstream-affinity")
test.each([
  ["chat", (more: readonly object[]) => ({ messages: [{ role: "system", content: "Be brief." }, hello, ...more] })],
  ["Anthropic", (more: readonly object[]) => ({ system: "Be brief.", messages: [hello, ...more] })],
  ["Responses", (more: readonly object[]) => ({ instructions: "Be brief.", input: [hello, ...more] })],
])("a conversation as %s has it begins the same however it goes on", (_format, request) => {
  expect(openingIn({ ...request(again), model: "other" })).toBe(openingIn(request([])));
  expect(openingIn(request([]))).toContain("Be brief.");
});

test("marks of caches and ids, which move, are no part of it, and neither is how a text is written down", () => {
  const plain = { messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }] };
  const marked = { messages: [{ role: "user", content: cached("Hello") }] };
  expect(openingIn(marked)).toBe(openingIn(plain));
  expect(openingIn({ input: "Hello" })).toBe(openingIn({ input: [{ id: "1", ...hello }] }));
  expect(openingIn({ messages: [hello] })).toBe(openingIn(plain));
});

test("who begins otherwise is another, by system prompt, picture, or the ends of a long text", () => {
  const image = (data: string) => ({ type: "image", source: { type: "base64", data } });
  const long = (from: string, to: string) => from + "x".repeat(100_000) + to;
  const openings = [
    { messages: [hello] },
    { system: "a", messages: [hello] },
    { system: ["b"], messages: [hello] },
    { messages: [{ role: "user", content: [image("aaaa")] }] },
    { messages: [{ role: "user", content: [image("bbbb")] }] },
    { messages: [{ role: "user", content: long("a", "a") }] },
    { messages: [{ role: "user", content: long("a", "b") }] },
    { messages: [{ role: "user", content: long("b", "a") }] },
    { messages: [{ role: "user", content: long("a", "xa") }] },
  ].map(openingIn);
  expect(new Set(openings).size).toBe(openings.length);
  for (const opening of openings) expect(opening?.length).toBeWithin(1, 2000);
});

test("where no user speaks there is none", () => {
  for (const body of [undefined, {}, [], "Hello", { messages: [{ role: "system", content: "x" }] }, { input: [] }])
    expect(openingIn(body)).toBeUndefined();
});
