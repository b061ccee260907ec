/** What a client is shown of what Claude Code does by itself, in every way there is, with the real CLI. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";

import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import type { Clients } from "../support/clients.ts";
import { newestClaude } from "../support/proxy.ts";
import { readFrames, terminalsOf } from "../support/raw-streams.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(30_000);
const model = "claude-sonnet-5-5";
const tool = (name: string, input: unknown): string => `[[demo tool ${name} ${JSON.stringify(input)}]]`;
const echo = tool("Bash", { command: "echo from-the-tool", description: "d" });
const question = {
  role: "user" as const,
  content: `[[demo think Hm.]] [[demo say Let me see.]] ${echo} [[demo then]] [[demo say Done.]]`,
};
const asked: Asked = { model, messages: [question] };
const more = { role: "user" as const, content: "[[demo say Again.]]" };

/** What each client reads: the text, and beside it everything that is not text. */
interface Read {
  readonly text: string;
  readonly finish: string | null | undefined;
  readonly rest: readonly object[];
  /** As the client sends it back. */
  readonly answer: unknown;
}

interface Asked {
  readonly model: string;
  readonly messages: readonly unknown[];
}

type Ask = (clients: Clients, asked: Asked) => Promise<Read>;

function openaiBody({ messages, ...asked }: Asked) {
  // The SDK's types know nothing of what only forward has.
  return { ...asked, messages: messages as OpenAI.ChatCompletionMessageParam[] };
}

function anthropicBody({ messages, ...asked }: Asked) {
  // Likewise.
  return { ...asked, max_tokens: 4096, messages: messages as Anthropic.MessageParam[] };
}

function readCompletion({ choices: [choice] }: OpenAI.ChatCompletion): Read {
  const message = choice?.message;
  return {
    text: message?.content ?? "",
    finish: choice?.finish_reason,
    rest: message?.tool_calls ?? [],
    answer: message,
  };
}

function readMessage({ content, stop_reason }: Anthropic.Message): Read {
  return {
    text: content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    finish: stop_reason,
    rest: content.filter(({ type }) => type !== "text" && type !== "thinking"),
    answer: { role: "assistant", content },
  };
}

const asks: readonly (readonly [name: string, format: "chat" | "messages", ask: Ask])[] = [
  [
    "openai, whole",
    "chat",
    async ({ openai }, asked) => readCompletion(await openai.chat.completions.create(openaiBody(asked))),
  ],
  [
    "openai, streamed",
    "chat",
    async ({ openai }, asked) =>
      readCompletion(await openai.chat.completions.stream(openaiBody(asked)).finalChatCompletion()),
  ],
  [
    "anthropic, whole",
    "messages",
    async ({ anthropic }, asked) => readMessage(await anthropic.messages.create(anthropicBody(asked))),
  ],
  [
    "anthropic, streamed",
    "messages",
    async ({ anthropic }, asked) => readMessage(await anthropic.messages.stream(anthropicBody(asked)).finalMessage()),
  ],
];

const narrated = "Let me see.\n🔧 Bash(command=echo from-the-tool, description=d)\n   ↳ from-the-tool\n";
const input = '{\n  "command": "echo from-the-tool",\n  "description": "d"\n}';
const verbose = `[thinking] Hm.\nLet me see.\n\n**🔧 Bash**\n\`\`\`json\n${input}\n\`\`\`\n\n**↪ result**\n\`\`\`\`\nfrom-the-tool\n\`\`\`\`\n`;

describe.each(newestClaude)("claude $version", ({ path }) => {
  let bench: ClientBench;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ccproxy-view-"));
    const config = join(folder, "ccproxy.toml");
    writeFileSync(config, `[aliases.told]\nmodel = "${model}"\nverbosity = "narrated"\n`);
    bench = await openClientBench({ claude: path, args: ["--config", config, "--allowed-tools", "Bash(echo:*)"] });
  });
  afterAll(async () => {
    await bench.end();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => bench.forget());

  const seeing = (verbosity: string) => bench.clients("agent", { headers: { "X-CC-Verbosity": verbosity } });

  // proves("tool-visibility")
  describe.each([...asks])("%s", (_name, format, ask) => {
    const between = format === "chat" ? "\n\n" : "";
    const ended = format === "chat" ? "stop" : "end_turn";
    /** What was shown comes back; the child that has the conversation knows what it did, not how it was told. */
    const goesOn = async ({ answer }: Read) => {
      await ask(seeing("text-only"), { model, messages: [question, answer, more] });
      expect((await bench.rowOf(bench.traffic.last().requestId)).start).toBe("live");
      const heard = JSON.stringify(bench.lastAsked().messages);
      expect(heard).toContain('"tool_use"');
      expect(heard).not.toMatch(/🔧|tool_use_sdk|claude_agent_sdk/);
    };

    test("ignore shows nothing of it", async () => {
      const read = await ask(seeing("ignore"), asked);
      expect(read).toMatchObject({ text: `Let me see.${between}Done.`, finish: ended, rest: [] });
    });

    test.each([
      ["narrated", narrated],
      ["verbose", verbose],
    ])("%s tells it in words", async (verbosity, told) => {
      const read = await ask(seeing(verbosity), asked);
      expect(read).toMatchObject({ text: `${told}${between}Done.`, finish: ended, rest: [] });
      await goesOn(read);
    });

    test("formatted tells it in elements with JSON", async () => {
      const read = await ask(seeing("formatted"), asked);
      expect([read.finish, read.rest]).toEqual([ended, []]);
      const found = read.text.matchAll(/<(\w+)( [^>]*)?>\n?([^]*?)\n?<\/\1>/g);
      const elements = Array.from(found, ([, name, , inner = ""]) => [
        name,
        name === "thinking" ? inner : JSON.parse(inner),
      ]);
      expect(elements).toMatchObject([
        ["system_message", { subtype: "init", model, session_id: expect.any(String) }],
        ["thinking", "Hm."],
        ["tool_use_sdk", { name: "Bash", input: { command: "echo from-the-tool" }, id: expect.any(String) }],
        ["tool_result_sdk", { content: "from-the-tool", is_error: false, tool_use_id: expect.any(String) }],
        ["result_message", { num_turns: 2, total_cost_usd: expect.any(Number), stop_reason: "end_turn" }],
      ]);
      await goesOn(read);
    });

    test("forward shows it in parts of its own, and it is still not the client's turn", async () => {
      const read = await ask(seeing("forward"), asked);
      const { text, finish, rest } = read;
      expect(finish).toBe(ended);
      if (format === "messages") {
        expect(text).toBe("Let me see.Done.");
        expect(rest).toMatchObject([
          { type: "system_message", model },
          { type: "tool_use_sdk", name: "Bash", source: "claude_agent_sdk" },
          { type: "tool_result_sdk", content: "from-the-tool", is_error: false },
          { type: "result_message", num_turns: 2 },
        ]);
      } else {
        expect(rest).toMatchObject([{ type: "function", function: { name: "Bash" } }]);
        expect(text).toMatch(/Let me see\.\n\n\[claude_agent_sdk tool_result \w+\]: from-the-tool\n\nDone\.\n\n\[/);
      }
      await goesOn(read);
    });

    test("an alias tells it its own way, and the header has the last word", async () => {
      const told = { model: "told", messages: [question] };
      expect((await ask(bench.clients("agent"), told)).text).toBe(`${narrated}${between}Done.`);
      expect((await ask(seeing("ignore"), told)).text).toBe(`Let me see.${between}Done.`);
    });
  });

  test.each([
    ["narrated", /^🔧 Bash\(command=echo from-the-tool, description=d\)\n {3}↳ from-the-tool\n$/],
    ["forward", /\[claude_agent_sdk tool_use \w+\]: Bash\(.*\[claude_agent_sdk tool_result \w+\]: from-the-tool/s],
  ])("%s beside the client's own tools: those alone are calls", async (verbosity, told) => {
    const { openai } = bench.clients("agent", {
      headers: { "X-CC-Verbosity": verbosity, "X-CCProxy-Tools": "both" },
    });
    const tools = [{ type: "function" as const, function: { name: "lookup", parameters: { type: "object" } } }];
    const content = `${echo} [[demo then]] ${tool("lookup", { q: "a" })} [[demo then]] [[demo say Done.]]`;
    const messages = [{ role: "user" as const, content }];
    const first = await openai.chat.completions.create({ model, messages, tools });
    const [choice] = first.choices;
    expect(choice?.finish_reason).toBe("tool_calls");
    expect(choice?.message.content ?? "").toMatch(told);
    expect(choice?.message.tool_calls).toMatchObject([{ function: { name: "lookup", arguments: '{"q":"a"}' } }]);
    const call = choice?.message.tool_calls?.[0]?.id ?? "";
    const answered = [
      ...messages,
      choice?.message ?? { role: "assistant" as const, content: "" },
      { role: "tool" as const, tool_call_id: call, content: "found" },
    ];
    const second = await openai.chat.completions.create({ model, messages: answered, tools });
    expect(second.choices[0]).toMatchObject({ finish_reason: "stop" });
    expect(second.choices[0]?.message.content).toContain("Done.");
    expect((await bench.rowOf(bench.traffic.last().requestId)).start).toBe("live");
  });

  test("a history that forward showed is told to a new child in its true roles", async () => {
    const content = [
      { type: "text", text: "Let me see." },
      { type: "tool_use_sdk", id: "toolu_9", name: "Bash", input: { command: "ls" }, source: "claude_agent_sdk" },
      { type: "tool_result_sdk", tool_use_id: "toolu_9", content: "a.txt", is_error: false, source: "x" },
      { type: "text", text: "Done." },
      { type: "result_message", session_id: "s", source: "claude_agent_sdk" },
    ];
    const messages = [{ role: "user", content: "hi" }, { role: "assistant", content }, more];
    const response = await bench.clients("agent").post("/v1/messages", { model, max_tokens: 99, messages });
    expect(response.status).toBe(200);
    const heard = JSON.stringify(bench.lastAsked().messages);
    expect(heard).toMatch(/"tool_use".*"tool_result".*"a\.txt"/);
    expect(heard).not.toContain("_sdk");
  });

  test.each([
    ["/v1/chat/completions", "done"],
    ["/v1/messages", "message_stop"],
  ])("%s ends its stream once", async (route, end) => {
    for (const verbosity of ["verbose", "forward"]) {
      const body = { model, max_tokens: 2000, stream: true, messages: [question] };
      expect(terminalsOf(await readFrames(await seeing(verbosity).post(route, body)))).toEqual([end]);
    }
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});
