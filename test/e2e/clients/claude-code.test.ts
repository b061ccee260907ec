/** Claude Code itself as a client of /v1/messages, of both versions, in front of both versions. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { conversationOf } from "../support/asked.ts";
import { type ClaudeClient, createClaudeClient } from "../support/claude-client.ts";
import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { claudes } from "../support/proxy.ts";

setDefaultTimeout(60_000);
const agentHeader = JSON.stringify({ env: { ANTHROPIC_CUSTOM_HEADERS: "X-CCProxy-Mode: agent" } });

describe.each([...claudes])("in front of claude $version", ({ path: serverPath, version: serverVersion }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ claude: serverPath, env: { CCPROXY__CLAUDE__MODE: "chat" } });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  describe.each([...claudes])("claude $version as the client", ({ path, version }) => {
    let client: ClaudeClient;
    beforeAll(() => {
      client = createClaudeClient(bench.proxy, { path, version });
    });

    test('reads the answer, its stop reason and its tokens; proves("api-anthropic-messages")', async () => {
      const usage = "[[demo usage in=10 out=20 read=30 write=40]]";
      const said = await client.asJson(`[[demo think Hm.]] [[demo say Hello, Claude.]] ${usage}`);
      expect(said).toMatchObject({ code: 0, is_error: false, result: "Hello, Claude.", stop_reason: "end_turn" });
      expect(said.usage).toMatchObject({
        input_tokens: 10,
        output_tokens: 20,
        cache_read_input_tokens: 30,
        cache_creation_input_tokens: 40,
      });
      // Its own instructions are the model's, and its prompt comes once.
      const texts = bench.lastAsked().system.map(({ text }) => text);
      expect(texts.join("\n")).toContain("Claude Code");
      expect(JSON.stringify(conversationOf(bench.lastAsked())).split("[[demo think").length).toBe(2);
    });

    // What follows depends on the client alone.
    if (serverVersion !== claudes[0]?.version) return;

    test("streams", async () => {
      const { stdout, code } = await client.run(
        "[[demo text 5 delay=10]]",
        "--output-format",
        "stream-json",
        "--verbose",
        "--include-partial-messages",
      );
      expect(code).toBe(0);
      const lines = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { type: string; event?: { type: string } }); // One object a line.
      const events = lines.flatMap(({ type, event }) => (type === "stream_event" && event ? [event.type] : []));
      expect(events.filter((type) => type === "content_block_delta").length).toBeGreaterThanOrEqual(5);
      expect(events.at(-1)).toBe("message_stop");
      expect(lines.at(-1)?.type).toBe("result");
      // A second question would be its way to say that the stream was broken.
      expect(bench.requests()).toHaveLength(1);
    });

    test("goes on with its conversation", async () => {
      const first = await client.asJson("[[demo say The word is red.]]");
      bench.forget();
      const second = await client.asJson("What was it? [[demo say Red.]]", "--resume", first.session_id);
      expect(second.result).toBe("Red.");
      const seen = JSON.stringify(conversationOf(bench.lastAsked()));
      for (const text of ["The word is red.", "What was it?"]) expect(seen).toContain(text);
    });

    test("is answered by an agent too, with the agent's own tools", async () => {
      const run = `[[demo tool Bash {"command":"echo inner","description":"d"}]] [[demo then]]`;
      const said = await client.asJson(`${run} [[demo say Done there.]]`, "--settings", agentHeader);
      expect(said).toMatchObject({ code: 0, result: "Done there.", stop_reason: "end_turn" });
      expect(bench.requests()).toHaveLength(2);
    });

    test("is told of a failure in its own words", async () => {
      const refused = await client.asJson("[[demo error 401]]");
      expect(refused).toMatchObject({ code: 1, is_error: true });
      const tooLong = await client.asJson("[[demo error 400 too-long]]");
      expect(tooLong).toMatchObject({ code: 1, is_error: true });
      expect(tooLong.result).toMatch(/prompt is too long/i);
      const missing = await client.asJson("hi", "--model", "claude-no-such-model");
      expect(missing).toMatchObject({ code: 1, is_error: true });
      expect(missing.result).toContain("claude-no-such-model");
    });
  });

  test("the access log has one row for each of its questions", async () => {
    const asked = bench.proxy.upstream.requests().length;
    const rows = await bench.end();
    const turns = rows.filter(({ path }) => path === "/v1/messages");
    expect(turns.length).toBeGreaterThan(0);
    expect(asked).toBeGreaterThan(0);
    for (const row of turns)
      expect(row).toMatchObject({
        endedAt: expect.any(Number),
        mode: expect.stringMatching(/^(?:agent|chat)$/),
        streaming: expect.any(Boolean),
      });
    expect(new Set(turns.map(({ userAgent }) => /claude-cli\/([\d.]+)/.exec(userAgent ?? "")?.[1]))).toEqual(
      new Set(claudes.map(({ version }) => version)),
    );
  });
});
