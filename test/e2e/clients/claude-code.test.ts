/** Claude Code itself as a client of /v1/messages, of both versions, in front of both versions. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { conversationOf } from "../support/asked.ts";
import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { claudes } from "../support/proxy.ts";

setDefaultTimeout(60_000);
const agentHeader = JSON.stringify({ env: { ANTHROPIC_CUSTOM_HEADERS: "X-CCProxy-Mode: agent" } });

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `claude -p --output-format json` prints. */
interface Result {
  readonly is_error: boolean;
  readonly result: string;
  readonly session_id: string;
  readonly api_error_status?: number | null;
  readonly stop_reason: string | null;
  readonly usage: Readonly<Record<string, unknown>>;
}

describe.each([...claudes])("in front of claude $version", ({ path: serverPath, version: serverVersion }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ claude: serverPath, env: { CCPROXY__CLAUDE__MODE: "chat" } });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  describe.each([...claudes])("claude $version as the client", ({ path, version }) => {
    async function claude(prompt: string, ...args: readonly string[]): Promise<Said> {
      // Neither the proxy's own home nor the user's: what one version writes the other would read.
      const home = join(bench.proxy.home, `client-${version}`);
      mkdirSync(home, { recursive: true });
      const child = Bun.spawn([path, "-p", "--model", "claude-sonnet-5-5", ...args], {
        cwd: home,
        env: {
          PATH: process.env["PATH"] ?? "",
          HOME: home,
          CLAUDE_CONFIG_DIR: join(home, "config"),
          CLAUDE_CODE_TMPDIR: home,
          ANTHROPIC_BASE_URL: bench.proxy.url,
          ANTHROPIC_API_KEY: "any",
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
          CLAUDE_CODE_MAX_RETRIES: "0",
        },
        stdin: new Blob([prompt]),
        stdout: "pipe",
        stderr: "pipe",
        timeout: 50_000,
        killSignal: "SIGKILL",
      });
      const [stdout, stderr] = [await new Response(child.stdout).text(), await new Response(child.stderr).text()];
      return { code: await child.exited, stdout, stderr };
    }
    async function asJson(prompt: string, ...args: readonly string[]): Promise<Result & { code: number }> {
      const { stdout, code } = await claude(prompt, "--output-format", "json", ...args);
      return { ...(JSON.parse(stdout) as Result), code }; // As the CLI documents it.
    }

    test('reads the answer, its stop reason and its tokens; proves("api-anthropic-messages")', async () => {
      const usage = "[[demo usage in=10 out=20 read=30 write=40]]";
      const said = await asJson(`[[demo think Hm.]] [[demo say Hello, Claude.]] ${usage}`);
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
      const { stdout, code } = await claude(
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
      const first = await asJson("[[demo say The word is red.]]");
      bench.forget();
      const second = await asJson("What was it? [[demo say Red.]]", "--resume", first.session_id);
      expect(second.result).toBe("Red.");
      const seen = JSON.stringify(conversationOf(bench.lastAsked()));
      for (const text of ["The word is red.", "What was it?"]) expect(seen).toContain(text);
    });

    test("is answered by an agent too, with the agent's own tools", async () => {
      const run = `[[demo tool Bash {"command":"echo inner","description":"d"}]] [[demo then]]`;
      const said = await asJson(`${run} [[demo say Done there.]]`, "--settings", agentHeader);
      expect(said).toMatchObject({ code: 0, result: "Done there.", stop_reason: "end_turn" });
      expect(bench.requests()).toHaveLength(2);
    });

    test("is told of a failure in its own words", async () => {
      const refused = await asJson("[[demo error 401]]");
      expect(refused).toMatchObject({ code: 1, is_error: true });
      const tooLong = await asJson("[[demo error 400 too-long]]");
      expect(tooLong).toMatchObject({ code: 1, is_error: true });
      expect(tooLong.result).toMatch(/prompt is too long/i);
      const missing = await asJson("hi", "--model", "claude-no-such-model");
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
