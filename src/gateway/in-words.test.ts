import { expect, test } from "bun:test";

import type { RequestFeatures } from "#core/request.ts";
import { request } from "#gateway/testing/bench.ts";

import { inWords } from "./in-words.ts";

const asked = (features: RequestFeatures) => ({ ...request, system: ["Be brief."], features });

const itself = (name: string) => name;

test("a tool is called what the model knows it as", () => {
  const { system } = inWords(asked({ toolChoice: { type: "tool", name: "Read" } }), ["toolChoice"], () => "Read_2");
  expect(system.at(-1)).toContain('the tool "Read_2"');
});

test.each([
  ["a call of one tool", { toolChoice: { type: "tool", name: "final_result" } }, /tool "final_result"/],
  ["a call of any tool", { toolChoice: { type: "required" } }, /at least one of the tools/],
  ["an object", { responseFormat: { type: "json-object" } }, /one JSON object/],
] satisfies readonly [string, RequestFeatures, RegExp][])(
  "%s that nobody can force is asked for behind the client's instructions",
  (_, features, words) => {
    const { system, ...rest } = inWords(asked(features), ["toolChoice", "responseFormat"], itself);
    expect(system).toEqual(["Be brief.", expect.stringMatching(words)]);
    expect(rest).toMatchObject({ features });
  },
);

test("what is honoured, or has no words, leaves the request as it is", () => {
  const forced = asked({ toolChoice: { type: "required" }, temperature: 1 });
  expect(inWords(forced, ["temperature"], itself)).toBe(forced);
  expect(inWords(forced, ["tools", "toolChoice"], itself)).toBe(forced);
  const free = asked({ toolChoice: { type: "auto" } });
  expect(inWords(free, ["toolChoice"], itself)).toBe(free);
});
