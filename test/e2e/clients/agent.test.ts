/** Agent mode: Claude Code works with its own tools in --cwd, and the client sees what it says. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { claudes } from "../support/proxy.ts";
import { readFrames, terminalsOf } from "../support/raw-streams.ts";
import { type AnswerUsage, type Reader, readers } from "../support/readers.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(30_000);
const model = "claude-sonnet-5-5";
const costs = (factor: number): string =>
  `[[demo usage in=${1 * factor} out=${10 * factor} read=${100 * factor} write=${1000 * factor}]]`;
const tool = (name: string, input: unknown): string => `[[demo tool ${name} ${JSON.stringify(input)}]]`;

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({
      claude: path,
      env: {
        SECRET_OF_THE_SHELL: "not-for-children",
        NODE_OPTIONS: "--title=hostile",
        CLAUDECODE: "1",
        LC_TIME: "C.UTF-8",
      },
      args: [
        "--permission-mode",
        "acceptEdits",
        "--allowed-tools",
        "Bash(env)",
        "--disallowed-tools",
        "WebFetch",
        "--append-system-prompt",
        "Use tabs.",
      ],
    });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  const used: readonly Reader[] =
    version === claudes[0]?.version ? readers : readers.filter(({ name }) => name.includes("helper"));
  const lastRow = () => bench.rowOf(bench.traffic.last().requestId);
  /** What the tools gave back, as the model was told. */
  const results = () =>
    bench
      .lastAsked()
      .messages.flatMap(({ content }) => (typeof content === "string" ? [] : content))
      .filter(({ type }) => type === "tool_result");

  test.each([...used])('$name: a tool writes a file in --cwd, unseen; proves("cli-cwd")', async (reader) => {
    const file = join(bench.proxy.cwd, `${reader.name.replaceAll(/\W/g, "-")}.txt`);
    const write = tool("Write", { file_path: file, content: "by an agent\n" });
    const text = `[[demo say First a file.]] ${write} ${costs(1)} [[demo then]] [[demo say Written.]] ${costs(2)}`;
    const answer = await reader.ask(bench.clients("agent"), { text, model });
    expect(readFileSync(file, "utf8")).toBe("by an agent\n");
    // Two blocks in one format, two paragraphs in the other.
    const between = reader.format === "openai-chat" ? "\n\n" : "";
    expect(answer.text).toBe(`First a file.${between}Written.`);
    expect(answer.finish).toBe(reader.format === "openai-chat" ? "stop" : "end_turn");
    const row = await lastRow();
    expect(row).toMatchObject({ steps: 2, mode: "agent", outputTokens: 30, inputTokens: 3303 });
    expect(row).toMatchObject({ cacheReadInputTokens: 300, cacheWriteInputTokens: 3000 });
    expect(row.costUsd).toBeGreaterThan(0);
    expect(answer.usage).toMatchObject(sumOf(answer.usage));
    expect(bench.requests()).toHaveLength(2);
  });

  test.each(["/v1/chat/completions", "/v1/messages"])("%s shows no tool call of Claude's own", async (route) => {
    const messages = [
      {
        role: "user",
        content: `${tool("Bash", { command: "echo x", description: "d" })} [[demo then]] [[demo say ran]]`,
      },
    ];
    const streamed = await bench.clients("agent").post(route, { model, max_tokens: 99, stream: true, messages });
    const frames = await readFrames(streamed);
    expect(JSON.stringify(frames)).not.toMatch(/"tool_use"|tool_calls|Bash|toolu_/);
    expect(terminalsOf(frames)).toEqual([route.endsWith("messages") ? "message_stop" : "done"]);
    const whole = await bench.clients("agent").post(route, { model, max_tokens: 99, messages });
    expect(await whole.text()).not.toMatch(/"tool_use"|tool_calls|Bash|toolu_/);
  });

  test("Bash runs in the workspace", async () => {
    const { openai } = bench.clients("agent");
    const command = { command: "pwd; echo hello > made-by-bash.txt", description: "d" };
    const content = `${tool("Bash", command)} [[demo then]] [[demo say done]]`;
    await openai.chat.completions.create({ model, messages: [{ role: "user", content }] });
    expect(readFileSync(join(bench.proxy.cwd, "made-by-bash.txt"), "utf8")).toBe("hello\n");
    expect(JSON.stringify(results())).toContain(bench.proxy.cwd);
  });

  test('the child has the environment it needs, and no more; proves("cli-environment")', async () => {
    const { openai } = bench.clients("agent");
    const content = `${tool("Bash", { command: "env", description: "d" })} [[demo then]] [[demo say seen]]`;
    await openai.chat.completions.create({ model, messages: [{ role: "user", content }] });
    const environment = JSON.stringify(results());
    for (const name of ["PATH", "HOME", "LC_TIME", "CLAUDE_CONFIG_DIR", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"])
      expect(environment).toMatch(new RegExp(`(?:\\\\n|")${name}=`));
    for (const leaked of ["SECRET_OF_THE_SHELL", "not-for-children", "--title=hostile"])
      expect(environment).not.toContain(leaked);
  });

  test("several tools in one step, and several steps", async () => {
    const { anthropic } = bench.clients("agent");
    const [a, b] = ["a.txt", "b.txt"].map((name) => join(bench.proxy.cwd, name));
    const content = [
      tool("Write", { file_path: a, content: "A" }),
      tool("Write", { file_path: b, content: "B" }),
      "[[demo then]]",
      tool("Read", { file_path: a }),
      "[[demo then]] [[demo say all done]]",
    ].join(" ");
    const message = await anthropic.messages
      .stream({ model, max_tokens: 999, messages: [{ role: "user", content }] })
      .finalMessage();
    expect(message.content).toMatchObject([{ type: "text", text: "all done" }]);
    expect(message.stop_reason).toBe("end_turn");
    expect([a, b].map((file) => readFileSync(file ?? "", "utf8"))).toEqual(["A", "B"]);
    expect(results()).toHaveLength(3);
    expect(JSON.stringify(results())).toContain("A");
    expect((await lastRow()).steps).toBe(3);
  });

  test("a tool that is not allowed is refused to the model, and the turn goes on", async () => {
    const outside = join(bench.proxy.home, "outside.txt");
    const { openai } = bench.clients("agent");
    const content = `${tool("Write", { file_path: outside, content: "no" })} [[demo then]] [[demo say It was refused.]]`;
    const answer = await openai.chat.completions.create({ model, messages: [{ role: "user", content }] });
    expect(answer.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "It was refused." } });
    expect(existsSync(outside)).toBe(false);
    expect(results()).toMatchObject([{ type: "tool_result", is_error: true }]);
  });

  test('flags of serve reach the CLI; proves("cli-options")', async () => {
    await bench.clients("agent").anthropic.messages.create({
      model,
      max_tokens: 999,
      system: "Answer in verse.",
      messages: [{ role: "user", content: "hi" }],
    });
    const tools = JSON.stringify(bench.lastAsked()["tools"]);
    expect(tools).toContain('"Bash"');
    expect(tools).not.toContain('"WebFetch"');
    expect(bench.lastAsked().system.at(-1)?.text).toEndWith("Use tabs.\n\nAnswer in verse.");
  });

  test('a conversation keeps what the agent did, as either client sends it back; proves("cli-continues")', async () => {
    const { openai, anthropic } = bench.clients("agent");
    const run = tool("Bash", { command: "echo from-the-tool", description: "d" });
    const content = `[[demo think Hm.]] [[demo say Let me see.]] ${run} [[demo then]] [[demo say ok]]`;
    const question = { role: "user" as const, content };
    const more = { role: "user" as const, content: "more" };

    const chat = await openai.chat.completions.create({ model, messages: [question] });
    const said = chat.choices[0]?.message ?? { role: "assistant" as const, content: "" };
    await openai.chat.completions.create({ model, messages: [question, said, more] });
    expect((await lastRow()).start).toBe("live");
    expect(JSON.stringify(results())).toContain("from-the-tool");

    bench.forget();
    const message = await anthropic.messages.stream({ model, max_tokens: 999, messages: [question] }).finalMessage();
    expect(message.content.map(({ type }) => type)).toEqual(["thinking", "text", "text"]);
    const messages = [question, { role: "assistant" as const, content: message.content }, more];
    await anthropic.messages.create({ model, max_tokens: 999, messages });
    expect((await lastRow()).start).toBe("live");
    expect(JSON.stringify(results())).toContain("from-the-tool");
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});

/** Both steps together, as far as the client can tell them apart. */
function sumOf({ cacheWrite }: AnswerUsage): Partial<AnswerUsage> {
  return { input: cacheWrite === undefined ? 3003 : 3, output: 30, cacheRead: 300 };
}
