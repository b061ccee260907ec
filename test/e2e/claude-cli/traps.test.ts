/** What the CLI does behind the back of whoever drives it, each with the cure that stops it; both pinned versions. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { claudes } from "../support/proxy.ts";
import { answers, asked, type Bench, eventually, lastAsked, openBench, request, says } from "./support.ts";

setDefaultTimeout(30_000);

describe.each([...claudes])("claude $version", ({ path }) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(path);
  });
  afterAll(async () => {
    await bench.close();
  });
  const messagesText = (): string => JSON.stringify(lastAsked(bench.upstream).messages);
  const askedCount = (): number => asked(bench.upstream).length;

  for (const mode of ["agent", "chat"] as const) {
    describe(`${mode} mode`, () => {
      test("a file named with @ is not read into the conversation", async () => {
        const file = join(bench.workspace, "secret.txt");
        writeFileSync(file, "the-secret-word");
        await bench.ask(request([says(`look at @${file} and @secret.txt please`)]), { mode });
        expect(messagesText()).toContain(`@${file}`);
        expect(messagesText()).not.toContain("the-secret-word");
      });

      test("text that begins with a slash is text, in the question and in the history", async () => {
        const history = [says("/clear"), answers("cleared what?"), says("/compact"), answers("no"), says("/cost")];
        const { text, error } = await bench.ask(request(history), { mode });
        expect(error).toBeUndefined();
        expect(text).not.toBe("");
        for (const word of ["/clear", "/compact", "/cost", "cleared what?"]) expect(messagesText()).toContain(word);
      });

      test("an answer cut off by the token limit ends there, and the model is not asked to go on", async () => {
        const before = askedCount();
        // Slow enough that another answer cannot be over before the CLI hears that it is to stop, on busy cores too.
        const asked = request([says("[[demo text 4 delay=100]] [[demo stop max_tokens]]")]);
        const { finish, events } = await bench.ask(asked, { mode });
        expect(finish).toMatchObject({ reason: "length", rawReason: "max_tokens", steps: 1 });
        expect(events.filter(({ type }) => type === "text-start")).toHaveLength(1);
        expect(await eventually(() => bench.upstream.openRequests() === 0)).toBe(true);
        // The CLI may have begun to ask again before it was told to stop; it gets no further than once.
        expect(askedCount() - before).toBeLessThanOrEqual(2);
      });

      test("a refusal is the answer, not an error and not asked for again", async () => {
        const before = askedCount();
        const { finish, text } = await bench.ask(request([says("[[demo say no way]] [[demo stop refusal]]")]), {
          mode,
        });
        expect(finish).toMatchObject({ reason: "content-filter", rawReason: "refusal" });
        expect(text).toBe("no way");
        expect(askedCount() - before).toBe(1);
      });

      test("an empty answer is one, and the model is not nudged", async () => {
        const before = askedCount();
        const { finish, text } = await bench.ask(request([says("[[demo empty]]")]), { mode });
        expect(finish).toMatchObject({ reason: "stop", rawReason: "end_turn", steps: 1 });
        expect(text).toBe("");
        expect(await eventually(() => bench.upstream.openRequests() === 0)).toBe(true);
        expect(askedCount() - before).toBeLessThanOrEqual(2);
      });

      test("a stream that breaks off in the middle ends in an error, and what was said is not said twice", async () => {
        const before = askedCount();
        const { error, text } = await bench.ask(request([says("[[demo text 12 delay=5]] [[demo drop at=6]]")]), {
          mode,
        });
        expect(error).toMatchObject({ kind: "upstream" });
        expect(text).not.toBe("");
        expect(await eventually(() => bench.upstream.openRequests() === 0)).toBe(true);
        expect(askedCount() - before).toBe(1);
      });

      test("an error event in the middle of the stream ends it too", async () => {
        const before = askedCount();
        const { error } = await bench.ask(request([says("[[demo text 12]] [[demo fail overloaded_error at=4]]")]), {
          mode,
        });
        expect(error?.kind).toBe("overloaded");
        expect(askedCount() - before).toBe(1);
      });

      test("a legacy model name is not replaced by a current one", async () => {
        const { start } = await bench.ask(request([says("hi")], { model: "claude-opus-4-1" }), { mode });
        expect(lastAsked(bench.upstream).model).toBe("claude-opus-4-1");
        expect(start?.model).toBe("claude-opus-4-1");
      });

      test("the cost of each turn is its own, although the process counts on", async () => {
        const first = await bench.ask(request([says(`price it, ${mode}`)]), { mode });
        const next = [says(`price it, ${mode}`), answers(first.text), says("again")];
        const second = await bench.ask(request(next), { mode });
        expect(second.facts.start).toBe("live");
        expect(first.finish?.costUsd).toBeGreaterThan(0);
        expect(second.finish?.costUsd).toBeGreaterThan(0);
        expect(second.finish?.costUsd ?? 1).toBeLessThan(2 * (first.finish?.costUsd ?? 0));
      });
    });
  }

  test("a bare model that calls a tool nobody gave it is not asked the same again", async () => {
    const before = askedCount();
    const { finish, text } = await bench.ask(request([says('[[demo say Let me see.]] [[demo tool Bash {"n": 1}]]')]), {
      mode: "chat",
    });
    expect(text).toBe("Let me see.");
    expect(finish).toMatchObject({ reason: "length", rawReason: "max_turns", steps: 1 });
    expect(askedCount() - before).toBe(1);
  });

  test("what a sub-agent says is not the answer, and its tokens are in the usage", async () => {
    const name = path.includes("2.1.197") ? "Task" : "Agent";
    const command = JSON.stringify({ command: "echo inner-tool", description: "d" });
    const prompt = `[[demo tool Bash ${command}]] [[demo then]] [[demo say inner words]]`;
    const input = JSON.stringify({ description: "d", prompt, subagent_type: "general-purpose" });
    const { text, finish, events } = await bench.ask(
      request([says(`[[demo tool ${name} ${input}]] [[demo then]] [[demo say outer words]]`)]),
      { mode: "agent" },
    );
    expect(text).toBe("outer words");
    expect(events.filter(({ type }) => type === "tool-result")).toHaveLength(1);
    const steps = events.flatMap((event) => (event.type === "step-end" ? [event.usage.inputTokens] : []));
    expect(steps).toHaveLength(2);
    expect(finish?.usage.inputTokens).toBeGreaterThan(steps.reduce((sum, tokens) => sum + tokens, 0));
  });

  test("a command left in the background does not answer into the next turn", async () => {
    const command = { command: "sleep 2; echo late", description: "d", run_in_background: true };
    const first = says(`[[demo tool Bash ${JSON.stringify(command)}]] [[demo then]] [[demo say started]]`);
    const one = await bench.ask(request([first]), { mode: "agent" });
    expect(one.text).toBe("started");
    await Bun.sleep(2500);
    const two = await bench.ask(request([first, answers("started"), says("[[demo say second]]")]), { mode: "agent" });
    expect(two.text).toBe("second");
    // Nothing came in between, or the child would not have been used again.
    expect(two.facts.start).toBe("live");
  });

  test("a child's temporary files are where we can find them, and go with it", async () => {
    const own = await openBench(path, { pool: { size: 0, maxAgeMs: 1000, maxTurns: 1 } });
    const directory = join(own.directory, "tmp");
    let most = 0;
    try {
      const command = JSON.stringify({ command: "ls", description: "d" });
      await own.ask(request([says(`[[demo tool Bash ${command}]] [[demo then]] [[demo text 20 delay=5]]`)]), {
        mode: "agent",
        onEvents: () => {
          most = Math.max(most, readdirSync(directory, { recursive: true }).length);
        },
      });
      // The child's own directory, and what the CLI put there.
      expect(most).toBeGreaterThan(1);
      expect(await eventually(() => readdirSync(directory).length === 0)).toBe(true);
    } finally {
      await own.close();
    }
  });

  test("an inherited base URL that is this proxy is not handed on", async () => {
    const hits: string[] = [];
    const proxy = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(incoming) {
        hits.push(incoming.url);
        return new Response("loop", { status: 500 });
      },
    });
    const looping = await openBench(path, {
      pool: { size: 0, maxAgeMs: 1000, maxTurns: 1 },
      environment: {
        PATH: process.env["PATH"],
        HOME: bench.directory,
        ANTHROPIC_BASE_URL: `http://localhost:${proxy.port}/claude`,
        // Nothing is listening here, so that the child cannot reach the real API either.
        HTTPS_PROXY: "http://127.0.0.1:9",
        NO_PROXY: "localhost",
      },
      extraEnvironment: { ANTHROPIC_API_KEY: "sk-ant-demo" },
      selfUrls: () => [`http://127.0.0.1:${proxy.port}`],
    });
    try {
      // Sent back to this proxy, the request would be there within a second.
      const { error } = await looping.ask(request([says("hi")]), { signal: AbortSignal.timeout(3000) });
      expect(error).toBeDefined();
      expect(hits).toEqual([]);
    } finally {
      await looping.close();
      await proxy.stop(true);
    }
  });
});
