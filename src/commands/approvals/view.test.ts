import { expect, test } from "bun:test";

import { createStyle } from "#commands/terminal.ts";

import type { Permission } from "./permission.ts";
import { firstState, type State } from "./state.ts";
import { render } from "./view.ts";

const shown: Permission = {
  type: "permission_request",
  request_id: "a",
  tool_name: "Edit",
  input: { file_path: "/a", old_string: "one\ntwo", replace_all: true, nested: { list: [1, "漢字"] } },
  description: "a file",
  reason: null,
  blocked_path: "/a",
  always: "Edit(/a)",
  diff: "--- /a\n+++ /a\n-one\n+two",
  timeout_seconds: 30,
  created_at: "2026-01-01T00:00:00.000Z",
  expires_at: "2026-01-01T00:00:30.000Z",
};
const state: State = { ...firstState, trouble: undefined, queue: [shown] };
const screen = {
  url: "http://127.0.0.1:8000",
  columns: 60,
  rows: 40,
  style: createStyle(false),
  now: Date.parse("2026-01-01T00:00:10.000Z"),
};

test("the change, the whole input, the time left and the keys are on the screen", () => {
  const lines = render(state, screen);
  for (const line of [
    "denied in 20 s",
    "path: /a",
    "-one",
    "+two",
    "old_string:",
    "  one",
    "  two",
    "replace_all: true",
    '      "漢字"',
    "a allow for the session: Edit(/a)",
  ])
    expect(lines.map((text) => text.trimEnd())).toContain(line);
});

test("an edited input takes the place of what was asked", () => {
  const text = render({ ...state, edited: { file_path: "/b" } }, screen).join("\n");
  expect(text).toContain("file_path: /b");
  expect(text).not.toContain("file_path: /a");
  expect(text).not.toContain("+two");
});

test("a long input is scrolled to its end, and says that there is more", () => {
  const input = { content: Array.from({ length: 200 }, (_, line) => `line ${line}`).join("\n") };
  const long: State = { ...state, queue: [{ ...shown, diff: null, input }] };
  const top = render(long, { ...screen, rows: 24 });
  expect(top).toHaveLength(24);
  expect(top.join("\n")).toMatch(/\d+ more lines below/);
  const end = render({ ...long, scroll: 10_000 }, { ...screen, rows: 24 }).join("\n");
  expect(end).toContain("line 199");
  expect(end).not.toContain("more lines below");
});

test.each([20, 33, 80])("no line is wider than %i columns, whatever comes", (columns) => {
  const input = { text: "漢字".repeat(60), "key\nwith break": `\t${"x".repeat(200)}\u001B[2J`, e: "👍🏽".repeat(40) };
  const lines = render(
    { ...state, queue: [{ ...shown, input, description: "y".repeat(300) }] },
    { ...screen, columns },
  );
  expect(lines.filter((line) => Bun.stringWidth(line) > columns)).toEqual([]);
  expect(lines.join("")).not.toContain("\u001B");
});
