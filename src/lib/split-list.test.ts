import { expect, test } from "bun:test";

import { splitList } from "./split-list.ts";

test.each([
  ["", []],
  ["Read", ["Read"]],
  ["Read, Edit,,", ["Read", "Edit"]],
  ["Bash(git log:*, git diff),Edit", ["Bash(git log:*, git diff)", "Edit"]],
  ['["a,b","c"]', ["a,b", "c"]],
  ['{"mcpServers":{"a":{},"b":{}}}', ['{"mcpServers":{"a":{},"b":{}}}']],
  ["[not json],x", ["[not json]", "x"]],
])("%p is the list %p", (text, list) => {
  expect(splitList(text)).toEqual(list);
});
