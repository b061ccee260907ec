/** The same answer through every client in each of its ways: text, thinking, stop reasons, tokens, ids. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { claudes } from "../support/proxy.ts";
import { type Answer, type AnswerUsage, type Reader, readers } from "../support/readers.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(30_000);
const model = "claude-sonnet-5-5";
const tokens = "[[demo usage in=11 out=222 read=33 write=49 write-1h=5 thinking=6]]";
const rich = `[[demo think Let me see, äöü 🙂.]] [[demo say The answer is “42” – 日本語 🙂.]] ${tokens}`;

const newest = claudes.slice(0, 1);
const all = [...readers];
/** One of each way to ask: all clients read the same bytes. */
const plain = readers.filter(({ name }) => /raw stream|(?:sdk|openai), whole/.test(name));
const official = readers.filter(({ name }) => !name.startsWith("@ai-sdk"));

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ claude: path });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  // proves("api-openai-chat", "api-anthropic-messages", "cli-two-versions", "cli-modes", "stream-usage")
  describe.each(["agent", "chat"] as const)("%s mode", (mode) => {
    test.each(readersFor(mode, version))("$name reads text, thinking, tokens, model and id", async (reader) => {
      const answer = await reader.ask(bench.clients(mode), { text: rich, model });
      expect(answer.text).toBe("The answer is “42” – 日本語 🙂.");
      if (answer.reasoning !== undefined) expect(answer.reasoning).toBe("Let me see, äöü 🙂.");
      if (answer.signature !== undefined) expect(atob(answer.signature)).toStartWith("demo signature");
      expect(answer.usage).toEqual(expectedTokens(answer));
      expect(answer.model).toBe(model);
      expect(answer.id).toMatch(/^msg_demo_\d+$/);
      expect(answer.finish).toBe(reader.format === "openai-chat" ? "stop" : "end_turn");
      expect(bench.asked()).toHaveLength(1);
      expect(bench.lastAsked().model).toBe(model);
      const { headers, requestId } = bench.traffic.last();
      expect(headers.get("x-ccproxy-model")).toBe(model);
      expect(headers.get("x-ccproxy-mode")).toBe(mode);
      expect(headers.get("x-ccproxy-backend")).toBe("claude-cli");
      expect(headers.get("x-ccproxy-backend-session")).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get("x-request-id")).toBe(requestId);
      expect(headers.get("request-id")).toBe(requestId);
      expect(headers.get("content-type")).toStartWith(reader.streaming ? "text/event-stream" : "application/json");
    });
  });

  test('the access log has one row each, with what the client read; proves("log-access", "log-usage-cost")', async () => {
    const rows = await bench.end();
    expectOneRowEach(rows, bench.traffic.sent);
    for (const row of rows.filter(({ steps }) => steps !== null)) {
      expect(row).toMatchObject({ modelAsked: model, modelUsed: model, steps: 1, finishReason: "stop", status: 200 });
      expect(row).toMatchObject({
        inputTokens: 98,
        outputTokens: 222,
        cacheReadInputTokens: 33,
        cacheWriteInputTokens: 54,
        cacheWrite1hInputTokens: 5,
        reasoningTokens: 6,
      });
      expect(row.costUsd).toBeGreaterThan(0);
    }
  });
});

/** Every client in agent mode of the newest, one of each way to ask in chat mode of the oldest. */
function readersFor(mode: string, version: string): Reader[] {
  const isNewest = version === newest[0]?.version;
  if (mode === "agent") return isNewest ? all : official;
  return isNewest ? official : plain;
}

/** Not every client tells them all. */
function expectedTokens({ usage }: Answer): AnswerUsage {
  return {
    // Who cannot tell what was written to the cache counts it as input.
    input: usage.cacheWrite === undefined ? 65 : 11,
    output: 222,
    cacheRead: 33,
    cacheWrite: usage.cacheWrite === undefined ? undefined : 54,
    thinking: usage.thinking === undefined ? undefined : 6,
  };
}

describe.each([...newest])("stop reasons, claude $version", ({ path }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ claude: path });
  });
  afterAll(() => bench.end());

  const endings = [
    { stop: "max_tokens", openai: "length", anthropic: "max_tokens" },
    { stop: "stop_sequence END", openai: "stop", anthropic: "stop_sequence" },
    { stop: "refusal", openai: "content_filter", anthropic: "refusal" },
    { stop: "model_context_window_exceeded", openai: "length", anthropic: "model_context_window_exceeded" },
  ] as const;
  describe.each([...endings])("$stop", ({ stop, openai, anthropic }) => {
    test.each(stop === "max_tokens" ? all : plain)(
      "$name reads why it stopped, and the model is not asked again",
      async (reader) => {
        bench.forget();
        // An upstream that takes a while to answer, as a real one does.
        const text = `[[demo say so far]] [[demo stop ${stop}]] ${tokens} [[demo stall 300 at=headers]]`;
        const answer = await reader.ask(bench.clients("chat"), { text, model });
        expect(answer.text).toBe("so far");
        expect(answer.finish).toBe(reader.format === "openai-chat" ? openai : anthropic);
        if (answer.stopSequence !== undefined) expect(answer.stopSequence).toBe(stop.includes("END") ? "END" : null);
        expect(answer.usage).toEqual(expectedTokens(answer));
        await bench.quiet();
        // The CLI may have begun to ask on before it was told to stop, here and in the test before; such questions are withdrawn.
        const outcomes = bench.requests().map(({ outcome }) => outcome);
        expect(outcomes.filter((outcome) => outcome !== "aborted")).toEqual(["done"]);
      },
    );
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});
