import { describe, expect, test } from "bun:test";

import { ToolHost } from "./tool-host.ts";

const tools = [
  { name: "get_weather", description: "d", inputSchema: { type: "object" } },
  { name: "Bash", inputSchema: { type: "object" } },
];

function setUp(own: readonly string[] = ["a", "b"]) {
  const replies: { readonly id: string; readonly answer: unknown }[] = [];
  const host = new ToolHost({
    tools,
    reply: (id, response) => replies.push({ id, answer: response["mcp_response"] }),
    isOwnCall: (callId) => own.includes(callId),
  });
  const ask = (id: string, message: object): void =>
    host.asked(id, { subtype: "mcp_message", server_name: "client", message });
  const call = (id: string, callId: string): void =>
    ask(id, { jsonrpc: "2.0", id: 7, method: "tools/call", params: { _meta: { "claudecode/toolUseId": callId } } });
  return { host, replies, ask, call };
}

const result = (callId: string, text: string) => ({
  type: "tool-result" as const,
  callId,
  content: [{ type: "text" as const, text }],
  isError: false,
});

describe("the server that offers the client's tools", () => {
  test("greets in the version it is greeted in, and lists the tools as reading only, under names that are free", () => {
    const { ask, replies } = setUp();
    ask("1", { jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2030-01-01" } });
    ask("2", { jsonrpc: "2.0", method: "notifications/initialized" });
    ask("3", { jsonrpc: "2.0", id: 1, method: "tools/list" });
    expect(replies[0]?.answer).toMatchObject({ id: 0, result: { protocolVersion: "2030-01-01" } });
    expect(replies[1]?.answer).toEqual({ jsonrpc: "2.0", id: 0, result: {} });
    expect(replies[2]?.answer).toMatchObject({
      id: 1,
      result: {
        tools: [
          { name: "get_weather", description: "d", annotations: { readOnlyHint: true } },
          { name: expect.stringMatching(/^Bash_[0-9a-f]{8}$/) },
        ],
      },
    });
  });

  test("holds a call until its result is given, each its own", () => {
    const { host, call, replies } = setUp();
    call("1", "a");
    call("2", "b");
    expect(replies).toEqual([]);
    host.give([result("b", "two"), { ...result("a", "one"), isError: true }]);
    expect(replies).toEqual([
      {
        id: "2",
        answer: { jsonrpc: "2.0", id: 7, result: { content: [{ type: "text", text: "two" }], isError: false } },
      },
      {
        id: "1",
        answer: { jsonrpc: "2.0", id: 7, result: { content: [{ type: "text", text: "one" }], isError: true } },
      },
    ]);
  });

  test("keeps a result for a call that is made later", () => {
    const { host, call, replies } = setUp();
    host.give([result("a", "one")]);
    call("1", "a");
    expect(replies).toHaveLength(1);
    call("2", "a");
    expect(replies).toHaveLength(1);
  });

  test("forgets a call that the CLI withdraws", () => {
    const { host, call, replies } = setUp();
    call("1", "a");
    host.withdrawn("1");
    host.give([result("a", "one")]);
    expect(replies).toEqual([]);
  });

  test("refuses a sub-agent, whose calls no client sees", () => {
    const { call, replies } = setUp();
    call("1", "of a sub-agent");
    expect(replies[0]?.answer).toMatchObject({ result: { isError: true } });
  });

  test.each([
    ["a method it does not have", { jsonrpc: "2.0", id: 3, method: "prompts/list" }, -32_601],
    ["what is no message", { method: 5, id: {} }, -32_600],
  ])("answers %s with an error", (_what, message, code) => {
    const { ask, replies } = setUp();
    ask("1", message);
    expect(replies[0]?.answer).toMatchObject({ error: { code } });
  });
});
