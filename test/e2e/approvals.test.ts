/** Approvals of an agent's tool calls over REST and server-sent events, with the real CLI of both versions. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { openHandler, type TestHandler, toolPrompt } from "./support/approvals.ts";
import { type ClientBench, openClientBench } from "./support/client-bench.ts";
import { claudes, waitFor } from "./support/proxy.ts";

setDefaultTimeout(60_000);
const model = "claude-sonnet-5-5";

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let bench: ClientBench;
  let files = 0;
  beforeAll(async () => {
    bench = await openClientBench({
      claude: path,
      args: ["--approvals"],
      env: { CCPROXY__APPROVALS__TIMEOUT_SECONDS: "12", CCPROXY__SERVER__HEARTBEAT_SECONDS: "1" },
    });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  /** A file nobody has written yet. */
  function newFile(): string {
    files += 1;
    return join(bench.proxy.cwd, `file-${files}.txt`);
  }
  function writeTo(file: string, content = "as asked"): string {
    return toolPrompt("Write", { file_path: file, content });
  }
  async function ask(prompt: string, signal?: AbortSignal): Promise<string> {
    const { anthropic } = bench.clients("agent");
    const message = await anthropic.messages.create(
      { model, max_tokens: 999, messages: [{ role: "user", content: prompt }] },
      { signal },
    );
    return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
  }
  /** What the model was told of its calls. */
  function results(): string {
    return JSON.stringify(bench.asked().at(-1)?.messages.at(-1)?.content);
  }
  async function withHandler<T>(work: (handler: TestHandler) => Promise<T>): Promise<T> {
    const handler = await openHandler(bench.proxy.url);
    try {
      return await work(handler);
    } finally {
      handler.leave();
    }
  }

  test('an allowed call runs, with the payloads of earlier proxies; proves("tool-approval")', async () => {
    await withHandler(async (handler) => {
      const file = newFile();
      const answered = ask(writeTo(file));
      const asked = await handler.event("permission_request");
      expect(asked).toMatchObject({
        type: "permission_request",
        tool_name: "Write",
        input: { file_path: file, content: "as asked" },
        timeout_seconds: 12,
        diff: `--- ${file}\n+++ ${file}\n+as asked`,
        always: expect.stringContaining("acceptEdits"),
      });
      const one = await fetch(`${bench.proxy.url}/permissions/${asked.request_id}`);
      expect(await one.json()).toMatchObject({ request_id: asked.request_id, status: "pending" });
      const list = await fetch(`${bench.proxy.url}/permissions`);
      expect(await list.json()).toMatchObject({ permissions: [{ request_id: asked.request_id }] });
      expect(existsSync(file)).toBe(false);

      const response = await handler.respond(asked.request_id, { allowed: true });
      expect(await response.json()).toEqual({ status: "success", permission_id: asked.request_id, allowed: true });
      expect(await answered).toContain("Done.");
      expect(readFileSync(file, "utf8")).toBe("as asked");
      expect(await handler.event("permission_resolved")).toMatchObject({ request_id: asked.request_id, allowed: true });
      expect((await handler.respond(asked.request_id, { allowed: true })).status).toBe(409);
      expect((await handler.respond("no-such", { allowed: true })).status).toBe(404);
      expect((await handler.respond(asked.request_id, { allow: true })).status).toBe(400);
    });
  });

  test("a denied call does not run, and the model is told why", async () => {
    await withHandler(async (handler) => {
      const file = newFile();
      const answered = ask(writeTo(file));
      const { request_id: id } = await handler.event("permission_request");
      await handler.respond(id, { allowed: false, message: "Not into this folder." });
      expect(await answered).toContain("Done.");
      expect(results()).toContain("Not into this folder.");
      expect(existsSync(file)).toBe(false);
    });
  });

  test("an edited call runs as edited", async () => {
    await withHandler(async (handler) => {
      const [file, other] = [newFile(), newFile()];
      const answered = ask(writeTo(file));
      const { request_id: id } = await handler.event("permission_request");
      await handler.respond(id, { allowed: true, updated_input: { file_path: other, content: "as edited" } });
      expect(await answered).toContain("Done.");
      expect(readFileSync(other, "utf8")).toBe("as edited");
      expect(existsSync(file)).toBe(false);
    });
  });

  test("a call nobody answers is denied when its time is up, and a stream stays alive meanwhile", async () => {
    await withHandler(async (handler) => {
      const file = newFile();
      const messages = [{ role: "user", content: writeTo(file) }];
      const body = { model, max_tokens: 999, stream: true, messages };
      const response = await bench.clients("agent").post("/v1/messages", body);
      const text = await response.text();
      expect(text.match(/event: ping/g)?.length).toBeGreaterThanOrEqual(2);
      expect(text).toContain("message_stop");
      const { request_id: id } = await handler.event("permission_expired");
      expect((await handler.respond(id, { allowed: true })).status).toBe(409);
      expect(results()).toContain("Permission request expired");
      expect(existsSync(file)).toBe(false);
    });
  });

  test("every handler sees what another one decided, and a new one what is pending", async () => {
    await withHandler(async (first) => {
      const file = newFile();
      const answered = ask(writeTo(file));
      const { request_id: id } = await first.event("permission_request");
      await withHandler(async (second) => {
        expect(await second.event("permission_request")).toMatchObject({ request_id: id });
        await second.respond(id, { allowed: true });
        for (const handler of [first, second])
          expect(await handler.event("permission_resolved")).toMatchObject({ request_id: id, allowed: true });
      });
      await answered;
      expect(existsSync(file)).toBe(true);
    });
  });

  test("a client that leaves withdraws its call", async () => {
    await withHandler(async (handler) => {
      const file = newFile();
      const client = new AbortController();
      const answered = ask(writeTo(file), client.signal).catch(() => "left");
      const { request_id: id } = await handler.event("permission_request");
      client.abort();
      expect(await answered).toBe("left");
      expect(await handler.event("permission_resolved")).toMatchObject({
        request_id: id,
        allowed: false,
        status: "withdrawn",
      });
      expect((await handler.respond(id, { allowed: true })).status).toBe(409);
      await bench.quiet();
      expect(existsSync(file)).toBe(false);
      // One question only: the model was told nothing more.
      expect(bench.requests()).toHaveLength(1);
    });
  });

  test("always is for the rest of the conversation, and for it alone", async () => {
    await withHandler(async (handler) => {
      const { anthropic } = bench.clients("agent");
      const question = { role: "user" as const, content: writeTo(newFile()) };
      const first = anthropic.messages.create({ model, max_tokens: 999, messages: [question] });
      const { request_id: id } = await handler.event("permission_request");
      await handler.respond(id, { allowed: true, always: true });
      const answer = { role: "assistant" as const, content: (await first).content };

      const file = newFile();
      const more = { role: "user" as const, content: writeTo(file) };
      await anthropic.messages.create({ model, max_tokens: 999, messages: [question, answer, more] });
      expect(existsSync(file)).toBe(true);
      expect(handler.events.filter(({ type }) => type === "permission_request")).toHaveLength(1);

      const denied = newFile();
      const elsewhere = ask(writeTo(denied));
      const { request_id: other } = await handler.event("permission_request", 2);
      await handler.respond(other, { allowed: false });
      await elsewhere;
      expect(existsSync(denied)).toBe(false);
    });
  });

  test("a call beside one of the client's own tools is asked again when the client comes back with its result", async () => {
    await withHandler(async (handler) => {
      const { anthropic } = bench.clients("agent", { headers: { "x-ccproxy-tools": "both" } });
      const file = newFile();
      const write = `[[demo tool Write ${JSON.stringify({ file_path: file, content: "as asked" })}]]`;
      const question = {
        role: "user" as const,
        content: `[[demo tool look]] ${write} [[demo then]] [[demo say Done.]]`,
      };
      const tools = [{ name: "look", description: "Looks.", input_schema: { type: "object" as const } }];
      const body = { model, max_tokens: 999, tools };
      const first = await anthropic.messages.create({ ...body, messages: [question] });
      expect(first.stop_reason).toBe("tool_use");
      const call = first.content.find((block) => block.type === "tool_use");
      const result = { type: "tool_result" as const, tool_use_id: call?.id ?? "", content: "seen" };
      const second = anthropic.messages.create({
        ...body,
        messages: [
          question,
          { role: "assistant" as const, content: first.content },
          { role: "user" as const, content: [result] },
        ],
      });
      const { request_id: id } = await waitFor(async () => {
        const { permissions } = (await (await fetch(`${bench.proxy.url}/permissions`)).json()) as {
          permissions: { request_id: string }[]; // As the first test has seen it.
        };
        return permissions[0];
      }, 10_000);
      await handler.respond(id, { allowed: true });
      expect((await second).stop_reason).toBe("end_turn");
      expect(readFileSync(file, "utf8")).toBe("as asked");
      expect(bench.requests()).toHaveLength(2);
    });
  });

  test("two turns at once ask side by side", async () => {
    await withHandler(async (handler) => {
      const [yes, no] = [newFile(), newFile()];
      const both = Promise.all([ask(writeTo(yes)), ask(writeTo(no))]);
      await handler.event("permission_request", 2);
      for (const { request_id: id, input, type } of [...handler.events])
        if (type === "permission_request") await handler.respond(id, { allowed: input["file_path"] === yes });
      await both;
      expect([existsSync(yes), existsSync(no)]).toEqual([true, false]);
    });
  });

  test("the log has one line for each resolution, without what the tool was to do", async () => {
    const lines = await waitFor(() => {
      const found = bench.proxy.output().match(/.*Approval (allowed|denied|expired|withdrawn).*/g) ?? [];
      return found.length >= 9 ? found : undefined;
    }, 5000);
    expect(lines.join("\n")).toContain("Write");
    expect(bench.proxy.output()).not.toContain("as asked");
  });

  test("the tools the model is offered are those it has without approvals", async () => {
    await ask("[[demo say hi]]");
    const names = namesOf(bench.lastAsked()["tools"]);
    const without = await openClientBench({ claude: path });
    try {
      const { anthropic } = without.clients("agent");
      await anthropic.messages.create({ model, max_tokens: 999, messages: [{ role: "user", content: "hi" }] });
      expect(names.length).toBeGreaterThan(3);
      expect([version, names]).toEqual([version, namesOf(without.lastAsked()["tools"])]);
      expect((await fetch(`${without.proxy.url}/permissions`)).status).toBe(404);
    } finally {
      await without.end();
    }
  });
});

describe("where nobody listens", () => {
  test("a call is refused at once, and an onlooker is not waited for", async () => {
    const bench = await openClientBench({ args: ["--approvals", "--auth-token", "s3cret-token"] });
    try {
      const headers = { authorization: "Bearer s3cret-token" };
      expect((await fetch(`${bench.proxy.url}/permissions`)).status).toBe(401);
      const looking = new AbortController();
      const onlooker = await fetch(`${bench.proxy.url}/permissions/stream?watch=true`, {
        headers,
        signal: looking.signal,
      });
      expect(onlooker.status).toBe(200);
      const { anthropic } = bench.clients("agent", { apiKey: "s3cret-token" });
      const file = join(bench.proxy.cwd, "a.txt");
      const content = toolPrompt("Write", { file_path: file, content: "x" });
      await anthropic.messages.create({ model, max_tokens: 999, messages: [{ role: "user", content }] });
      expect(JSON.stringify(bench.lastAsked().messages)).toContain("no approval handler is connected");
      expect(existsSync(file)).toBe(false);
      looking.abort();
    } finally {
      await bench.end();
    }
  });
});

function namesOf(tools: unknown): readonly string[] {
  return Array.isArray(tools) ? tools.map((tool: { name: string }) => tool.name).toSorted() : [];
}
