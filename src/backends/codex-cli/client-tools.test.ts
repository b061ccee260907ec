import { expect, test } from "bun:test";

import { clientNames, wireToolName } from "./client-tools.ts";

test.each([
  ["lookup", "lookup"],
  ["mcp_lookup", "mcp_lookup"],
  // Codex has a tool of that name, and keeps these for its MCP servers.
  ["shell", "client_shell"],
  ["mcp", "client_mcp"],
  ["mcp__server__lookup", "client_mcp__server__lookup"],
])("a tool %s is %s to Codex, and called by its client's name", (name, as) => {
  expect(wireToolName(name)).toBe(as);
  expect(clientNames([{ name, inputSchema: {} }])(as)).toBe(name);
});

test("a name that is too long even so is as long as it may be", () => {
  expect(wireToolName(`mcp__${"server".repeat(20)}__lookup`).length).toBeLessThanOrEqual(64);
});
