import { expect, test } from "bun:test";

import type { ApprovalAsk, ApprovalDecision } from "#core/approval.ts";
import { createSseParser, type SseFrame } from "#lib/sse.ts";

import { renderDiff } from "./permission-diff.ts";
import { startTestServer, type TestServer, until } from "./testing/test-server.ts";

const ask: ApprovalAsk = {
  toolName: "Write",
  // A member that a careless parse loses.
  input: { file_path: "/a", content: "hi", constructor: { nested: [1, null, "ü"] } },
  callId: "toolu_1",
};

function start({ approvals }: TestServer, signal = new AbortController().signal): Promise<ApprovalDecision> {
  return approvals.ask({ principal: "local", requestId: "r1", ask, signal });
}

async function listen({ url }: TestServer, query = "") {
  const frames: SseFrame[] = [];
  const leaving = new AbortController();
  const response = await fetch(`${url}/permissions/stream${query}`, { signal: leaving.signal });
  const parser = createSseParser();
  const ended = (async () => {
    for await (const bytes of response.body ?? []) frames.push(...parser.push(bytes));
  })().catch(() => undefined);
  await until(() => frames.length > 0);
  return { response, frames, ended, leave: () => leaving.abort() };
}

async function pendingId(server: TestServer): Promise<string> {
  await until(() => server.approvals.pending("local").length > 0);
  return server.approvals.pending("local")[0]?.id ?? "";
}

function respond({ url }: TestServer, id: string, answer: unknown): Promise<Response> {
  return fetch(`${url}/permissions/${id}/respond`, { method: "POST", body: JSON.stringify(answer) });
}

test('a stream tells what is pending and what becomes of it; proves("tool-approval")', async () => {
  await using server = startTestServer();
  const early = await listen(server);
  const asking = start(server);
  const id = await pendingId(server);
  const late = await listen(server);
  expect((await respond(server, id, { allowed: true })).status).toBe(200);
  // Every member is there, whatever its name.
  expect(await asking).toEqual({ allowed: true, input: ask.input, always: false });
  for (const { response, frames } of [early, late]) {
    await until(() => frames.length === 3);
    expect(response.headers.get("content-type")).toStartWith("text/event-stream");
    expect(frames.map(({ event }) => event)).toEqual(["ping", "permission_request", "permission_resolved"]);
    expect(JSON.parse(frames[0]?.data ?? "")).toEqual({ message: "Connected to permission stream" });
    expect(JSON.parse(frames[1]?.data ?? "")).toMatchObject({
      type: "permission_request",
      request_id: id,
      tool_name: "Write",
      input: ask.input,
      tool_use_id: "toolu_1",
      description: null,
      turn_id: "r1",
      timeout_seconds: 60,
    });
    expect(JSON.parse(frames[2]?.data ?? "")).toMatchObject({ request_id: id, allowed: true, status: "allowed" });
  }
  early.leave();
  late.leave();
});

test("one can be looked up, before and after", async () => {
  await using server = startTestServer();
  const handler = await listen(server);
  const asking = start(server);
  const id = await pendingId(server);
  const look = async (): Promise<unknown> => (await fetch(`${server.url}/permissions/${id}`)).json();
  expect(await look()).toMatchObject({ request_id: id, status: "pending", resolved_at: null });
  await respond(server, id, { allowed: false });
  await asking;
  expect(await look()).toMatchObject({ status: "denied", time_remaining: 0, resolved_at: expect.any(String) });
  expect(await (await fetch(`${server.url}/permissions`)).json()).toEqual({ permissions: [] });
  handler.leave();
});

test.each([
  [{}, "allowed: required, but missing"],
  [{ allowed: "yes" }, "allowed: expected true or false"],
  [{ allowed: true, updated_input: [] }, "updated_input: expected an object"],
  [{ allowed: true, input: {} }, "input: there is no such field"],
  [{ allowed: true, updatedInput: {} }, "updatedInput: there is no such field. Did you mean updated_input?"],
  [{ allowed: true, always: true }, "only once"],
  [[], "allowed"],
])("the answer %j decides nothing", async (answer, message) => {
  await using server = startTestServer();
  const handler = await listen(server);
  const client = new AbortController();
  const asking = start(server, client.signal);
  const id = await pendingId(server);
  const response = await respond(server, id, answer);
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(message)]);
  expect(server.approvals.find("local", id).status).toBe("pending");
  client.abort();
  await asking;
  handler.leave();
});

test("a handler that listens does not hold up the end of the server, and one that left is none", async () => {
  const server = startTestServer();
  const handler = await listen(server);
  const onlooker = await listen(server, "?watch=true");
  // Longer than a test may take.
  await server.server.stop(60_000);
  await Promise.all([handler.ended, onlooker.ended]);
  expect(server.rows.map(({ status, path }) => [status, path])).toEqual([
    [200, "/permissions/stream"],
    [200, "/permissions/stream"],
  ]);
});

test("an onlooker is not waited for", async () => {
  await using server = startTestServer();
  const onlooker = await listen(server, "?watch=true");
  expect(await start(server)).toMatchObject({ allowed: false });
  onlooker.leave();
  // Leaving is how a listener ends, and nothing to warn of.
  await until(() => server.rows.length === 1);
  expect(server.rows[0]).toMatchObject({ path: "/permissions/stream", status: 200 });
});

// The protocol's package takes a while to load on a busy machine.
test("the tool server asks the same handlers", async () => {
  await using server = startTestServer();
  const call = async (method: string, params: object): Promise<unknown> => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 7, method, params });
    const response = await fetch(`${server.url}/mcp`, { method: "POST", body });
    const frames = createSseParser().push(await response.bytes());
    return JSON.parse(frames.at(-1)?.data ?? "null");
  };
  const check = (more: object) => call("tools/call", { name: "check_permission", arguments: more });
  const said = (text: string) => ({ id: 7, result: { content: [{ type: "text", text }] } });
  expect(await call("tools/list", {})).toMatchObject({ result: { tools: [{ name: "check_permission" }] } });
  expect(await check({ input: {} })).toMatchObject({ result: { isError: true } });
  expect(await call("tools/call", { name: "other" })).toMatchObject({ result: { isError: true } });

  const handler = await listen(server);
  const allowed = check({ tool_name: "Write", input: ask.input });
  await respond(server, await pendingId(server), { allowed: true });
  expect(await allowed).toMatchObject(said(JSON.stringify({ behavior: "allow", updatedInput: ask.input })));
  const denied = check({ tool_name: "Write", input: {} });
  await respond(server, await pendingId(server), { allowed: false, message: "No." });
  expect(await denied).toMatchObject(said('{"behavior":"deny","message":"No."}'));
  handler.leave();
}, 30_000);

test("a change to a file is shown as a diff, anything else is not", () => {
  const diff = (input: Record<string, unknown>) => renderDiff({ toolName: "Any", input });
  expect(diff({ file_path: "/a", old_string: "x\ny", new_string: "x\nz", replace_all: true })).toBe(
    "--- /a\n+++ /a\n@@\n x\n-y\n+z",
  );
  const edits = [
    { old_string: "a", new_string: "b" },
    { old_string: "c", new_string: "" },
  ];
  expect(diff({ file_path: "/a", edits })).toBe("--- /a\n+++ /a\n@@\n-a\n+b\n@@\n-c");
  expect(diff({ file_path: "/a", content: "new" })).toBe("--- /a\n+++ /a\n+new");
  expect(diff({ notebook_path: "/n", new_source: "1" })).toBe("--- /n\n+++ /n\n+1");
  const changes = [
    { path: "/a", kind: "add", diff: "x\ny\n" },
    { path: "/b", kind: "delete", diff: "old\n" },
    { path: "/c", kind: "update", diff: "@@ -1 +1 @@\n-2\n+3\n" },
  ];
  expect(diff({ changes })?.split("\n")).toEqual([
    ...["--- /dev/null", "+++ /a", "+x", "+y"],
    ...["--- /b", "+++ /dev/null", "-old"],
    ...["--- /c", "+++ /c", "@@ -1 +1 @@", "-2", "+3"],
  ]);
  expect(diff({ command: "ls" })).toBeUndefined();
});
