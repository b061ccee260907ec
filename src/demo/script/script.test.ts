import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { findDirectives } from "./directives.ts";
import { quirkNames } from "./quirks.ts";
import { parseScript } from "./script.ts";
import { verbs } from "./verbs.ts";

const onlyStep = (text: string) => {
  const { steps, problems } = parseScript(text);
  expect(problems).toEqual([]);
  expect(steps).toHaveLength(1);
  return steps[0];
};

describe("directives", () => {
  test("are taken out of the prompt, and the rest of it stays", () => {
    expect(parseScript("before [[demo echo]] after").prompt).toBe("before  after");
    expect(parseScript("no directive, but [[brackets]] and [[demonstration]]").prompt).toContain("[[demonstration]]");
  });

  test("a prompt without any is one empty step", () => {
    expect(onlyStep("hello")?.content).toEqual([]);
  });

  test("content keeps its order", () => {
    const step = onlyStep("[[demo think hm]][[demo say one\ntwo]][[demo text 3 delay=7]][[demo big 10]][[demo media]]");
    expect(step?.content).toEqual([
      { type: "think", text: "hm" },
      { type: "say", text: "one\ntwo" },
      { type: "text", chunks: 3 },
      { type: "big", bytes: 10 },
      { type: "media" },
    ]);
    expect(step?.delayMs).toBe(7);
  });

  test("a tool's JSON may hold the closing brackets and braces in strings", () => {
    const input = { a: [[1]], b: "]] } {", c: { d: '"' } };
    const step = onlyStep(`[[demo tool mcp__x__y ${JSON.stringify(input)}]] [[demo tool Bare]]`);
    expect(step?.content).toEqual([
      { type: "tool", name: "mcp__x__y", input },
      { type: "tool", name: "Bare", input: {} },
    ]);
  });

  test("`then` begins the next step", () => {
    const { steps } = parseScript("[[demo tool A]] [[demo then]] [[demo tool B]] [[demo then]] [[demo say end]]");
    expect(steps.map((step) => step.content.map((order) => order.type))).toEqual([["tool"], ["tool"], ["say"]]);
  });

  test("stop, usage, header and the switches", () => {
    const step = onlyStep(
      "[[demo stop stop_sequence END NOW]][[demo usage in=1 out=2 read=3 write=4 write-1h=5 thinking=6]]" +
        "[[demo header retry-after=9]][[demo empty]][[demo obey]][[demo split]][[demo delay 8]]",
    );
    expect(step).toMatchObject({
      stop: { reason: "stop_sequence", sequence: "END NOW" },
      usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4, cacheWrite1h: 5, thinking: 6 },
      headers: [["retry-after", "9"]],
      empty: true,
      obey: true,
      split: true,
      delayMs: 8,
    });
  });

  test("faults with their places and their number", () => {
    const step = onlyStep(
      '[[demo error 429 rate_limit_error retry-after=3 times=2 message="slow down"]]' +
        "[[demo fail]][[demo drop at=4]][[demo cut]][[demo stall 50]][[demo stall 60 at=headers]][[demo stall 70 at=2 times=1]]",
    );
    expect(step?.faults).toMatchObject([
      {
        kind: "error",
        status: 429,
        errorType: "rate_limit_error",
        retryAfterSeconds: 3,
        message: "slow down",
        times: 2,
      },
      { kind: "fail", errorType: undefined, at: 1, times: Number.POSITIVE_INFINITY },
      { kind: "drop", at: 4 },
      { kind: "cut", at: 1 },
      { kind: "stall", ms: 50, at: "start" },
      { kind: "stall", ms: 60, at: "headers" },
      { kind: "stall", ms: 70, at: 2, times: 1 },
    ]);
  });

  test.each([
    ["[[demo nonsense]]", "unknown"],
    ["[[demo constructor]]", "unknown"],
    ["[[demo]]", "unknown"],
    ["[[demo tool]]", "name the tool"],
    ["[[demo tool A {bad json}]]", "not JSON"],
    ["[[demo text]]", "how many chunks"],
    ["[[demo error 200]]", "400 to 599"],
    ["[[demo stop sometime]]", "end_turn"],
    ["[[demo header nonsense]]", "name=value"],
    ["[[demo quirk]]", "at least one"],
    ["[[demo quirk crlf odd]]", "odd"],
    ["[[demo say never closed", "closing"],
  ])("%s says what is wrong", (text, words) => {
    expect(parseScript(text).problems.join()).toContain(words);
  });
});

describe("docs/demo-upstream.md", () => {
  const read = () => Bun.file(join(import.meta.dir, "../../../docs/demo-upstream.md")).text();

  test("names every directive", async () => {
    const named = new Set(findDirectives(await read()).directives.map(({ verb }) => verb));
    expect([...Object.keys(verbs), "then"].filter((verb) => !named.has(verb))).toEqual([]);
  });

  test("names every quirk", async () => {
    const text = await read();
    expect(quirkNames.filter((name) => !text.includes(`\n| \`${name}\` `))).toEqual([]);
  });

  test("shows only directives that are understood", async () => {
    const { problems } = parseScript(
      (await read())
        .replaceAll("[[demo VERB words]]", "")
        .replaceAll('NAME {"key"', 'A {"key"')
        .replace("stop REASON", "stop refusal")
        .replace("quirk NAME NAME", "quirk crlf"),
    );
    expect(problems).toEqual([]);
  });
});
