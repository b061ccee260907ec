import { describe, expect, test } from "bun:test";

import { plainName, shortText } from "./short-text.ts";

describe("a text", () => {
  test("stays what it is where it is short enough", () => {
    expect(shortText("call_1", 40)).toBe("call_1");
  });

  test.each([10, 40, 64, 80])("of more than %d characters becomes one of as many, always the same", (longest) => {
    const long = "x".repeat(200);
    expect(shortText(long, longest)).toHaveLength(longest);
    expect(shortText(long, longest)).toBe(shortText(long, longest));
    expect(shortText(long, longest)).not.toBe(shortText(`${long}y`, longest));
  });
});

describe("a name", () => {
  test("stays what it is where it is plain", () => {
    expect(plainName("mcp__a-b__c9", 64)).toBe("mcp__a-b__c9");
  });

  test.each(["wetter.für", "", "a".repeat(65)])("%p becomes a plain one", (name) => {
    expect(plainName(name, 64)).toMatch(/^[\w-]{1,64}$/);
    expect(plainName(name, 64)).not.toBe(plainName(`${name}.`, 64));
  });
});
