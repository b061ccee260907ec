/** The real Codex CLI works through whole tasks on a Claude model: it reads, edits and runs in its own sandbox. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { conversationOf } from "../support/asked.ts";
import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { type Codex, codexProgram, createCodex, documented, sandboxWorks } from "../support/codex.ts";
import { pixel } from "../support/media.ts";
import { claudes, waitFor } from "../support/proxy.ts";

setDefaultTimeout(60_000);
if (codexProgram === undefined) console.log("ABSENT codex is not installed for this system: no task is run with it");
const sandboxed = await sandboxWorks();
if (codexProgram !== undefined && !sandboxed)
  console.log("ABSENT Codex has no sandbox on this system: its tasks run without, in a temporary directory");

/** Models that Codex has other tools for: a freeform `apply_patch`, and code in place of calls. */
const openaiNames = { "gpt-5.5": "claude-sonnet-5-5", "gpt-6.1-sol": "claude-sonnet-5-5" };
const shell = (cmd: string): string => `[[demo tool exec_command ${JSON.stringify({ cmd })}]]`;
const then = " [[demo then]] ";

describe.skipIf(codexProgram === undefined).each([...claudes])("claude $version", ({ path, version }) => {
  let bench: ClientBench;
  let codex: Codex;
  /** The backend's session of each task whose later turns have to be live, and how many turns it took. */
  const tasks: { readonly thread: string; readonly turns: number }[] = [];
  const file = (name: string) => join(codex.directory, name);
  beforeAll(async () => {
    bench = await openClientBench({
      claude: path,
      args: [],
      env: { CCPROXY__MODELS__OPENAI_NAMES: JSON.stringify(openaiNames) },
    });
    codex = createCodex(bench.proxy, await documented("toml", bench.proxy), sandboxed);
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  // proves("api-openai-responses", "tool-codex")
  test("a file is read, and the answer has what is in it", async () => {
    writeFileSync(file("note.txt"), "The word is plum.\n");
    const { code, answer, items, thread } = await codex.run(`What is in it? ${shell("cat note.txt")}`);
    expect([code, items.map(({ type }) => type)]).toEqual([0, ["command_execution", "agent_message"]]);
    expect(answer).toContain("The word is plum.");
    expect(bench.requests()).toHaveLength(2);
    tasks.push({ thread, turns: 2 });
  });

  test("a file is edited by a patch, which is a custom tool", async () => {
    writeFileSync(file("fruit.txt"), "apple\npear\n");
    const patch = "*** Begin Patch\n*** Update File: fruit.txt\n@@\n apple\n-pear\n+“plum” 🙂\n*** End Patch\n";
    const prompt = `[[demo tool apply_patch ${JSON.stringify({ input: patch })}]]${then}[[demo say Done.]]`;
    const { answer, items, thread } = await codex.run(prompt, { model: "gpt-5.5" });
    expect(items[0]).toMatchObject({ type: "file_change", changes: [{ kind: "update" }] });
    expect(readFileSync(file("fruit.txt"), "utf8")).toBe("apple\n“plum” 🙂\n");
    expect([answer, bench.requests().length]).toEqual(["Done.", 2]);
    tasks.push({ thread, turns: 2 });
  });

  // What follows depends on us alone.
  if (version !== claudes[0]?.version) return;

  test("a task of many steps, some at once, asks the model once for each", async () => {
    const thinking = `[[demo think Hm.]] ${shell("echo one > a.txt")} ${shell("echo two > b.txt; exit 3")}`;
    const prompt = [thinking, shell("cat a.txt b.txt"), shell("rm a.txt"), "[[demo say All done.]]"].join(then);
    const { answer, items, thread } = await codex.run(prompt);
    // Two that run at once end in any order.
    const told = items.map(({ type, text, exit_code: code }) => text ?? `${type} ${code}`);
    expect([told[0], ...told.slice(1, 3).toSorted(), ...told.slice(3)]).toEqual([
      "Hm.",
      "command_execution 0",
      "command_execution 3",
      "command_execution 0",
      "command_execution 0",
      "All done.",
    ]);
    expect(answer).toBe("All done.");
    expect([existsSync(file("a.txt")), readFileSync(file("b.txt"), "utf8")]).toEqual([false, "two\n"]);
    const said = conversationOf(bench.lastAsked());
    expect(said.map(([role]) => role)).toEqual([
      "user",
      ...Array.from({ length: 3 }, () => ["assistant", "user"]).flat(),
    ]);
    expect(said[1]).toMatchObject([
      "assistant",
      { type: "thinking", thinking: "Hm.", signature: expect.any(String) },
      { type: "tool_use" },
      { type: "tool_use" },
    ]);
    expect(said[2]).toMatchObject(["user", { type: "tool_result" }, { type: "tool_result" }]);
    expect(JSON.stringify(said[4])).toContain("one\\ntwo\\n");
    expect(bench.requests()).toHaveLength(4);
    tasks.push({ thread, turns: 4 });
  });

  test.skipIf(!sandboxed)("its sandbox holds what the model runs", async () => {
    const { items } = await codex.run(shell("echo out > ../out.txt || echo refused"));
    expect(items[0]?.aggregated_output).toContain("refused");
    expect(existsSync(file("../out.txt"))).toBe(false);
  });

  test("tools that come with the input, in namespaces, are called there", async () => {
    const code = 'text((await tools.exec_command({ cmd: "echo in code" })).output);';
    const steps = [
      `[[demo tool functions__exec ${JSON.stringify({ input: code })}]]`,
      '[[demo tool clock__sleep {"duration_ms":1}]]',
    ];
    const { answer, thread } = await codex.run([...steps, "[[demo say Done.]]"].join(then), { model: "gpt-6.1-sol" });
    expect(answer).toBe("Done.");
    const [, , executed, , slept] = conversationOf(bench.lastAsked());
    expect(JSON.stringify(executed)).toContain("in code\\n");
    expect(JSON.stringify(slept)).toMatch(/sle(?:pt|ep)/i);
    tasks.push({ thread, turns: 3 });
  });

  test("an answer in the form of a schema, after a call", async () => {
    const schema = {
      type: "object",
      properties: { n: { type: "integer" } },
      required: ["n"],
      additionalProperties: false,
    };
    writeFileSync(file("schema.json"), JSON.stringify(schema));
    const prompt = `${shell("echo 7")}${then}[[demo tool StructuredOutput {"n":7}]]`;
    const { answer } = await codex.run(prompt, { args: ["--output-schema", "schema.json"] });
    expect(answer).toBe('{"n":7}');
  });

  test("pictures are seen, the user's and those of a tool", async () => {
    writeFileSync(file("red.png"), Buffer.from(pixel, "base64"));
    const view = `[[demo tool view_image ${JSON.stringify({ path: file("red.png") })}]]`;
    const { answer } = await codex.run(`${view}${then}[[demo media]]`, { args: ["-i", "red.png"] });
    expect(answer?.match(/image\/png/g)).toHaveLength(2);
  });

  test("a thread goes on where it was left", async () => {
    const first = await codex.run("[[demo say The word is plum.]]");
    const second = await codex.run("Which? [[demo say Plum.]]", { resume: first.thread });
    expect([second.thread, second.answer]).toEqual([first.thread, "Plum."]);
    expect(conversationOf(bench.lastAsked()).map(([role]) => role)).toEqual(["user", "assistant", "user"]);
    expect(bench.requests()).toHaveLength(2);
    tasks.push({ thread: first.thread, turns: 2 });
  });

  test.each([false, true])(
    "a thread that has become too long is summed up, and goes on (own provider: %p)",
    async (builtIn) => {
      const first = await codex.run("[[demo say First.]] [[demo usage in=20000]]", { builtIn });
      const args = ["-c", "model_auto_compact_token_limit=15000"];
      const second = await codex.run("[[demo say Second.]]", { builtIn, args, resume: first.thread });
      expect([second.failure, second.answer]).toEqual([undefined, expect.stringContaining("Second.")]);
      const [, summing, after] = bench.asked().map(conversationOf);
      expect(JSON.stringify(summing?.at(-1))).toMatch(/summary/i);
      // The demo greets where it is told nothing else: that is the summary.
      expect(JSON.stringify(after)).toContain("Hello from the demo upstream");
      expect(bench.requests()).toHaveLength(3);
    },
  );

  test("its own provider asks for WebSocket, is refused, and sends the same by POST", async () => {
    const { answer, thread } = await codex.run(`${shell("echo ws")}${then}[[demo say Over HTTP.]]`, { builtIn: true });
    expect(answer).toBe("Over HTTP.");
    expect(bench.requests()).toHaveLength(2);
    tasks.push({ thread, turns: 2 });
  });

  test("the line to try it with works as it is written", async () => {
    const line = (await documented("sh", bench.proxy)).replace("'Hello'", "'Hello [[demo say Hello, Codex.]]'");
    expect(await codex.shell(line)).toMatchObject({ code: 0, stdout: expect.stringContaining("Hello, Codex.") });
  });

  describe("a failure of the upstream", () => {
    const retries = (most: number) => ["-c", `model_providers.ccproxy.stream_max_retries=${most}`];

    test.each([
      ["[[demo error 400 too-long]]", "ran out of room in the model's context window", 1, 1],
      // The CLI itself asks thrice, each time with fewer betas.
      ['[[demo error 400 message="No such thing"]]', "No such thing", 1, 3],
      ["[[demo error 500 should-retry=false]]", "high demand", 1, 2],
      ["[[demo error 529 should-retry=false]]", "Overloaded", 1, 2],
      // It would wait as long as it is told to.
      ["[[demo error 429 should-retry=false]]", "429 Too Many Requests", 0, 1],
    ])("%s is told: %s", async (prompt, words, most, asked) => {
      const { code, failure } = await codex.run(prompt, { args: retries(most) });
      expect([code, failure]).toEqual([1, expect.stringContaining(words)]);
      expect(bench.requests()).toHaveLength(asked);
    });

    test("amid an answer is asked the same again, and what broke off is not taken for said", async () => {
      const { failure, items } = await codex.run("[[demo text 3]] [[demo fail api_error at=2]]", { args: retries(1) });
      expect(failure).toContain("failed as it was told to");
      expect(items).toEqual([]);
      const [first, second] = bench.asked().map(conversationOf);
      expect(second).toEqual(first);
      expect(bench.requests()).toHaveLength(2);
    });

    test("behind a whole text is asked the same again", async () => {
      const prompt = `[[demo say Let me see.]] ${shell("echo never")} [[demo fail api_error at=2]]`;
      const { failure, items } = await codex.run(prompt, { args: retries(1) });
      expect(failure).toBeDefined();
      expect(items.map(({ text }) => text)).toEqual(["Let me see.", "Let me see."]);
      // The CLI asks once more by itself, before it can be stopped.
      const asked = bench.asked().map((body) => conversationOf(body).map(([role]) => role));
      expect(new Set(asked.map(String))).toEqual(new Set(["user"]));
    });
  });

  test("an interrupt ends the turn and the question to the model, and leaves no process", async () => {
    const prompt = "[[demo text 1000 delay=50]]";
    // What the CLI asked for an earlier test, and was not stopped in time, may still come.
    const asked = () => bench.requests().filter(({ body }) => JSON.stringify(body).includes(prompt));
    const until = waitFor(() => asked()[0], 20_000);
    const { failure, answer } = await codex.run(prompt, { until });
    expect([failure, answer]).toEqual([undefined, undefined]);
    await bench.quiet();
    expect(asked().map(({ outcome }) => outcome)).toEqual(["aborted"]);
    expect(codex.left()).toEqual([]);
  });

  test("each later turn of a task was live, and its id is that of a session here", async () => {
    const { get } = bench.clients();
    const used: unknown[] = [];
    for (const { thread } of tasks) used.push(await (await get(`/sessions/${thread}`)).json());
    const rows = (await bench.end()).filter((row) => row.path === "/v1/responses");
    for (const [index, { turns }] of tasks.entries()) {
      const { backend_session: session } = used[index] as { backend_session: string }; // As documented.
      const own = rows.filter(({ sessionId }) => sessionId === session);
      expect(own.map(({ start }) => start === "live")).toEqual([
        false,
        ...Array.from({ length: turns - 1 }, () => true),
      ]);
    }
    expect(rows.filter(({ method }) => method === "GET").map(({ status }) => status)).toContain(426);
    for (const row of rows.filter(({ method, status }) => method === "POST" && status === 200))
      expect(row.mode).toBe("chat");
  });
});
