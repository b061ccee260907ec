import { expect, test } from "bun:test";

import { clientNames, dynamicTools, wireToolName } from "./client-tools.ts";

test("a schema that Codex would cut down stands whole in the tool's description", () => {
  const properties = { a: { type: "string", description: "What it is. ".repeat(500) } };
  const inputSchema = { type: "object", properties };
  const [long, short] = dynamicTools([
    { name: "long", description: "Does it.", inputSchema },
    { name: "short", description: "Does it.", inputSchema: { ...inputSchema, properties: {} } },
  ]);
  expect(long?.["description"]).toBe(`Does it.\n\nThe JSON Schema of its input, whole: ${JSON.stringify(inputSchema)}`);
  expect(short?.["description"]).toBe("Does it.");
});

test("of a schema so deep that Codex would read nothing it is told in words alone", () => {
  const inputSchema = Array.from({ length: 60 }).reduce<object>((a) => ({ type: "object", properties: { a } }), {});
  const [deep] = dynamicTools([{ name: "deep", inputSchema }]);
  expect(deep?.["description"]).toContain(JSON.stringify(inputSchema));
  expect(deep?.["inputSchema"]).toEqual({ type: "object", properties: {} });
});

test("no two tools of a client's have one name", () => {
  const tools = ["shell", "client_shell", "client_other"].map((name) => ({ name, inputSchema: {} }));
  const names = tools.map(({ name }) => wireToolName(name));
  expect(names).toEqual(["client_shell", "client_client_shell", "client_other"]);
  expect(names.map(clientNames(tools))).toEqual(["shell", "client_shell", "client_other"]);
});

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
