import { expect, test } from "bun:test";

import { root } from "#commands/root.ts";

import { complete } from "./complete.ts";

async function words(...line: readonly string[]): Promise<readonly string[]> {
  const found = await complete(root, line.slice(0, -1), line.at(-1) ?? "");
  return found.map(({ word }) => word);
}

test.each([
  [["se"], ["serve"]],
  [
    ["config", ""],
    ["show", "path", "schema", "validate"],
  ],
  [
    ["serve", "--log"],
    ["--log-level", "--log-format", "--log-file"],
  ],
  [["--log-l"], ["--log-level"]],
  [["--port", "1", "--log-l"], ["--log-level"]],
  [["serve", "--log-level", "e"], ["error"]],
  [["serve", "--log-level=e"], ["error"]],
  [["serve", "--config", "x"], [":files"]],
  [["serve", "--cwd", ""], [":directories"]],
  [["serve", "--model", ""], []],
  [["serve", "--demo", "--dem"], []],
  [["serve", "--add-dir", "x", "--add"], ["--add-dir"]],
  [["serve", ""], []],
  [["completion", "f"], ["fish"]],
  [["completion", "fish", ""], []],
  [["config", "validate", ""], [":files"]],
  [
    ["help", "co"],
    ["config", "completion"],
  ],
  [["help", "config", "v"], ["validate"]],
  [["auth", "login", "o"], [":providers"]],
  [["zebra", ""], []],
  [["serve", "--", "--p"], []],
])("%p completes to %p", async (line, expected) => {
  expect(await words(...line)).toEqual(expected);
});

test("every flag of serve is offered, with what it means", async () => {
  const found = await complete(root, ["serve"], "--");
  expect(found.length).toBeGreaterThan(20);
  expect(found.every(({ description }) => description !== "")).toBe(true);
});
