import { expect, test } from "bun:test";

import { parseJson } from "./json-body.ts";

function messageOf(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    expect(error).toMatchObject({ kind: "invalid-request" });
    return error instanceof Error ? error.message : "";
  }
  throw new Error("it parsed");
}

test("byte order marks and space around the text are ignored", () => {
  expect(parseJson('\uFEFF\uFEFF {"a":1}\n')).toEqual({ a: 1 });
});

test.each(["", "   ", "\uFEFF"])("%j is called empty", (text) => {
  expect(messageOf(text)).toContain("empty");
});

test("what is wrong is named by line and column", () => {
  expect(messageOf('{\n  "a" 1}')).toContain('line 2, column 7, near "1}"');
});

test("a text too long to search is only called wrong", () => {
  expect(messageOf(`[${"1,".repeat(2_000_000)}`)).toBe("The request body is not valid JSON.");
});

test("deep nesting is refused, wide bodies are not", () => {
  expect(messageOf("[".repeat(100_000) + "]".repeat(100_000))).toContain("levels deep");
  expect(messageOf('{"a":'.repeat(300) + "1" + "}".repeat(300))).toContain("levels deep");
  expect(parseJson(`[${"[1],".repeat(50_000)}[1]]`)).toBeArrayOfSize(50_001);
});
