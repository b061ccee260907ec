import { expect, test } from "bun:test";

import { describeAlways, narrowest, type Suggestion } from "./permission-suggestions.ts";

const rule: Suggestion = {
  type: "addRules",
  rules: [{ toolName: "WebFetch", ruleContent: "domain:example.com" }, { toolName: "mcp__a__b" }],
  behavior: "allow",
  destination: "session",
};
const mode: Suggestion = { type: "setMode", mode: "acceptEdits", destination: "session" };
const directory: Suggestion = { type: "addDirectories", directories: ["/a", "/b"], destination: "session" };

test("rules are enough; without them the rest is taken", () => {
  expect(narrowest([mode, rule, directory])).toEqual([rule]);
  expect(narrowest([mode, directory])).toEqual([mode, directory]);
});

test("what would be allowed is said in words", () => {
  expect(describeAlways([rule])).toBe("WebFetch(domain:example.com), mcp__a__b");
  expect(describeAlways([directory, mode])).toBe(
    "files below /a, files below /b, whatever the permission mode acceptEdits allows",
  );
  expect(describeAlways([])).toBeUndefined();
});
