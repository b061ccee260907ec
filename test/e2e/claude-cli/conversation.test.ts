/** What a request carries reaches the model as it is, and nothing of it stays for the next; both pinned versions. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Message, RequestFeatures } from "#core/request.ts";

import { claudes } from "../support/proxy.ts";
import {
  answers,
  asked,
  type Bench,
  conversations,
  eventually,
  lastAsked,
  openBench,
  PIXEL,
  request,
  says,
  workspaceAt,
} from "./support.ts";

interface Block {
  readonly type: string;
  readonly text?: string;
}

/** Newer models refuse sampling parameters. */
const sampling = "claude-sonnet-4-6";

setDefaultTimeout(30_000);

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(path, { maxSessions: 6 });
  });
  afterAll(async () => {
    await bench.close();
  });

  /** The conversation as the model saw it, without what the CLI adds of its own. */
  const conversation = (): readonly (readonly [string, ...unknown[]])[] =>
    lastAsked(bench.upstream)
      .messages.filter(({ role }) => role !== "system")
      .map(({ role, content }) => [role, ...blocksOf(content).filter(isOurs).map(bare)]);

  for (const mode of ["agent", "chat"] as const) {
    describe(`${mode} mode`, () => {
      const goOn = conversations((asked) => bench.ask(asked, { mode }));

      test("a whole history arrives with its roles, tool calls, results, images and documents", async () => {
        const messages: readonly Message[] = [
          says("what is this?", { type: "image", source: { type: "base64", mediaType: "image/png", data: PIXEL } }),
          {
            role: "assistant",
            content: [
              { type: "text", text: "let me look" },
              { type: "tool-call", callId: "toolu_1", toolName: "look", input: { at: "it" } },
              { type: "tool-call", callId: "toolu_2", toolName: "look", input: {} },
            ],
          },
          {
            role: "user",
            content: [
              { type: "tool-result", callId: "toolu_1", content: [{ type: "text", text: "a pixel" }], isError: false },
              { type: "tool-result", callId: "toolu_2", content: [{ type: "text", text: "broken" }], isError: true },
            ],
          },
          answers("a pixel"),
          says("read", {
            type: "document",
            source: { type: "text", mediaType: "text/plain", text: "the document" },
            title: "paper",
          }),
          answers("done"),
          says("and now?"),
        ];
        const { error, facts } = await bench.ask(request(messages), { mode });
        expect(error).toBeUndefined();
        expect(facts.sessionId).toBeString();
        const image = { type: "image", source: { type: "base64", media_type: "image/png", data: PIXEL } };
        expect(conversation()).toEqual([
          ["user", { type: "text", text: "what is this?" }, image],
          [
            "assistant",
            { type: "text", text: "let me look" },
            { type: "tool_use", id: "toolu_1", name: "look", input: { at: "it" } },
            { type: "tool_use", id: "toolu_2", name: "look", input: {} },
          ],
          ["user", result("toolu_1", "a pixel", false), result("toolu_2", "broken", true)],
          ["assistant", { type: "text", text: "a pixel" }],
          [
            "user",
            { type: "text", text: "read" },
            {
              type: "document",
              source: { type: "text", media_type: "text/plain", data: "the document" },
              title: "paper",
            },
          ],
          ["assistant", { type: "text", text: "done" }],
          ["user", { type: "text", text: "and now?" }],
        ]);
      });

      test("a system message in the middle stays where it was", async () => {
        const late: Message = { role: "system", content: [{ type: "text", text: "be brief" }] };
        await bench.ask(request([says("one"), answers("1"), late, says("two")]), { mode });
        expect(JSON.stringify(conversation().at(-1))).toMatch(/system-message.*be brief.*two/s);
        expect(conversation()).toHaveLength(3);
      });

      test("every parameter reaches the model, and is gone on the next turn of the same child", async () => {
        const features: RequestFeatures = {
          maxOutputTokens: 1234,
          temperature: 0.25,
          topP: 0.5,
          topK: 7,
          stopSequences: ["STOP", "\nEND\n", "\n\n"],
          reasoning: { mode: "budget", budgetTokens: 1100 },
          effort: "low",
          serviceTier: "standard_only",
        };
        const first = await goOn(`tune, ${mode}`, { model: sampling, features });
        expect(first.error).toBeUndefined();
        expect(lastAsked(bench.upstream)).toMatchObject({
          max_tokens: 1234,
          temperature: 0.25,
          top_p: 0.5,
          top_k: 7,
          // What the API refuses is not asked for.
          stop_sequences: ["STOP", "\nEND\n"],
          thinking: { type: "enabled", budget_tokens: 1100 },
          output_config: { effort: "low" },
          service_tier: "standard_only",
        });
        const second = await goOn("again", { model: sampling });
        expect(second.facts.start).toBe("live");
        const body = lastAsked(bench.upstream);
        for (const key of ["top_p", "top_k", "stop_sequences", "service_tier"]) expect(body).not.toHaveProperty(key);
        // Which the CLI itself sends where it does not think.
        expect(body["temperature"] ?? 1).toBe(1);
        expect(body.max_tokens).toBeGreaterThan(1234);
        expect(body).not.toMatchObject({ thinking: { type: "enabled" } });
        expect(body).not.toMatchObject({ output_config: { effort: "low" } });
      });

      test.each(["low", "medium", "high", "xhigh", "max"] as const)("effort %s is passed on", async (effort) => {
        await goOn(`hi ${effort}`, { features: { effort } });
        expect(lastAsked(bench.upstream)).toMatchObject({ output_config: { effort } });
      });

      test("sampling without reasoning asks the model not to think", async () => {
        await goOn("coolly", { model: sampling, features: { temperature: 0 } });
        expect(lastAsked(bench.upstream)).toMatchObject({ temperature: 0, thinking: { type: "disabled" } });
      });

      test("sampling is kept from a model that refuses it", async () => {
        const { error } = await goOn("coolly", { features: { temperature: 0 } });
        expect(error).toBeUndefined();
        expect(lastAsked(bench.upstream)).not.toHaveProperty("temperature");
      });

      test("a small token limit leaves no room for thinking nobody asked for, on that turn alone", async () => {
        const model = "claude-sonnet-4-5";
        const opening = says(`short, ${mode}`);
        const first = await bench.ask(request([opening], { model, features: { maxOutputTokens: 100 } }), { mode });
        expect(lastAsked(bench.upstream)).toMatchObject({ max_tokens: 100, thinking: { type: "disabled" } });
        const second = await bench.ask(request([opening, answers(first.text), says("long")], { model }), { mode });
        expect(second.facts.start).toBe("live");
        const thinking = mode === "agent" ? "enabled" : "disabled";
        expect(lastAsked(bench.upstream)).toMatchObject({ thinking: { type: thinking } });
      });

      test("a model is used for the request that names it", async () => {
        const { start } = await bench.ask(request([says("hi")], { model: "claude-haiku-4-5" }), { mode });
        expect(lastAsked(bench.upstream).model).toBe("claude-haiku-4-5");
        expect(start?.model).toBe("claude-haiku-4-5");
      });

      test("thinking comes as reasoning with its signature", async () => {
        const { events, text } = await goOn("[[demo think deep]] [[demo say said]]");
        expect(events).toContainEqual(expect.objectContaining({ type: "reasoning-start" }));
        expect(events.find(({ type }) => type === "reasoning-end")).toMatchObject({ signature: expect.any(String) });
        expect(text).toBe("said");
      });
    });
  }

  test("two requests for the same conversation never share its child", async () => {
    const first = await bench.ask(request([says("fork me")]));
    const next = request([says("fork me"), answers(first.text), says("on")]);
    const both = await Promise.all([bench.ask(next), bench.ask(next)]);
    expect(both.filter(({ facts }) => facts.start === "live")).toHaveLength(1);
    expect(new Set(both.map(({ facts }) => facts.sessionId)).size).toBe(2);
  });

  test("a changed history, system prompt or asker gets another child", async () => {
    const first = await bench.ask(request([says("mine")], { system: ["a"] }));
    const going = [says("mine"), answers(first.text), says("on")];
    const others = [
      await bench.ask(request([says("mine!"), answers(first.text), says("on")], { system: ["a"] })),
      await bench.ask(request(going, { system: ["b"] })),
      await bench.ask(request(going, { system: ["a"] }), { principal: "somebody else" }),
      await bench.ask(request(going, { system: ["a"] }), { mode: "agent" }),
    ];
    expect(others.map(({ facts }) => facts.start)).not.toContain("live");
    expect((await bench.ask(request(going, { system: ["a"] }))).facts.start).toBe("live");
  });

  test("an answer of ten megabytes arrives whole", async () => {
    const { text, finish } = await bench.ask(request([says("[[demo big 10000000]]")]));
    expect(finish?.reason).toBe("stop");
    expect(text.length).toBeGreaterThanOrEqual(10_000_000);
  });

  describe("chat mode", () => {
    test("the model sees the client's words and nothing else", async () => {
      await bench.ask(request([says("hi")], { system: ["You are a parrot.", "Be brief."] }));
      const body = lastAsked(bench.upstream);
      expect(conversation()).toEqual([["user", { type: "text", text: "hi" }]]);
      expect(body.messages).toHaveLength(1);
      expect(body["tools"]).toEqual([]);
      expect(body.system.at(-1)?.text).toBe("You are a parrot.\n\nBe brief.");
      expect(JSON.stringify(body)).not.toContain(bench.directory);
    });

    test("without a system message there is none but the line that identifies the CLI", async () => {
      await bench.ask(request([says("hi")]));
      const texts = lastAsked(bench.upstream).system.map(({ text }) => text);
      expect(texts.at(-1)).toBe("You are a Claude agent, built on Anthropic's Claude Agent SDK.");
    });

    test("earlier thinking goes back to the model, signature and all; what nobody signed is named", async () => {
      const thought: Message = {
        role: "assistant",
        content: [
          { type: "reasoning", text: "hm", signature: "c2ln" },
          { type: "reasoning", text: "", redactedData: "c2VjcmV0" },
          { type: "reasoning", text: "unsigned", field: "messages[1].reasoning_content" },
          { type: "text", text: "so" },
        ],
      };
      const { facts } = await bench.ask(request([says("a"), thought, says("b")]));
      expect(facts.ignoredFields).toEqual(["messages[1].reasoning_content"]);
      expect(conversation()[1]).toEqual([
        "assistant",
        { type: "thinking", thinking: "hm", signature: "c2ln" },
        { type: "redacted_thinking", data: "c2VjcmV0" },
        { type: "text", text: "so" },
      ]);
    });

    test("the last block is marked for the prompt cache", async () => {
      await bench.ask(request([says("a"), answers("b"), says("c")]));
      const last = lastAsked(bench.upstream).messages.at(-1);
      expect(last?.content).toEqual([{ type: "text", text: "c", cache_control: { type: "ephemeral" } }]);
    });
  });

  describe("agent mode", () => {
    test("the client's system message is added to Claude Code's own", async () => {
      await bench.ask(request([says("hi")], { system: ["Prefer tabs."] }), { mode: "agent" });
      const { system } = lastAsked(bench.upstream);
      expect(system.at(-1)?.text).toEndWith("Prefer tabs.");
      expect(JSON.stringify(system)).toContain("Claude Code");
    });

    test("Claude's own tools work in the workspace, and say what they did", async () => {
      const own = await openBench(path, {
        permissionMode: "acceptEdits",
      });
      try {
        const file = join(own.workspace, "made.txt");
        const write = `[[demo tool Write ${JSON.stringify({ file_path: file, content: "by an agent" })}]]`;
        const { events, text, finish } = await own.ask(request([says(`${write} [[demo then]] [[demo say written]]`)]), {
          mode: "agent",
        });
        expect(readFileSync(file, "utf8")).toBe("by an agent");
        expect(text).toBe("written");
        expect(finish?.steps).toBe(2);
        const kinds = events.map(({ type }) => type).filter((type) => !type.endsWith("-delta"));
        expect(kinds).toEqual([
          "start",
          "step-start",
          "tool-input-start",
          "tool-input-end",
          "step-end",
          "tool-result",
          "step-start",
          "text-start",
          "text-end",
          "step-end",
          "finish",
        ]);
        expect(events.find(({ type }) => type === "tool-input-start")).toMatchObject({
          toolName: "Write",
          executedBy: "backend",
        });
        expect(events.find(({ type }) => type === "tool-result")).toMatchObject({ isError: false });
      } finally {
        await own.close();
      }
    });

    test("tools follow the lists given, also those with spaces and commas in them", async () => {
      const own = await openBench(path, {
        allowedTools: ["Bash(echo one,two:*)", "Read"],
        disallowedTools: ["WebFetch", "WebSearch"],
      });
      try {
        const run = (command: string): string =>
          `[[demo tool Bash ${JSON.stringify({ command, description: "d" })}]] [[demo then]] [[demo say ok]]`;
        const { events } = await own.ask(request([says(run("echo one,two > made.txt"))]), { mode: "agent" });
        expect(events.find(({ type }) => type === "tool-result")).toBeDefined();
        const tools = JSON.stringify(lastAsked(own.upstream)["tools"]);
        expect(tools).toContain('"Bash"');
        expect(tools).not.toContain('"WebFetch"');
      } finally {
        await own.close();
      }
    });

    test("a limit on model calls ends the turn as a length", async () => {
      const own = await openBench(path, { maxTurns: 1 });
      try {
        const call = '[[demo tool Bash {"command":"ls","description":"d"}]] [[demo then]] [[demo say never]]';
        const { finish, error } = await own.ask(request([says(call)]), { mode: "agent" });
        expect(error).toBeUndefined();
        expect(finish).toMatchObject({ reason: "length", rawReason: "max_turns" });
      } finally {
        await own.close();
      }
    });

    test("earlier thinking is lost and named, but for what the conversation's own process thought", async () => {
      const field = "messages[1].content[0].thinking";
      const reasoning = { type: "reasoning", signature: "c2ln" } as const;
      const told: Message = { role: "assistant", content: [{ ...reasoning, text: "hm", field }] };
      const before = [says("a"), { ...told, content: [...told.content, ...answers("so").content] }];
      const think = says("[[demo think deep]] [[demo say said]]");
      const first = await bench.ask(request([...before, think]), { mode: "agent" });
      expect(first.facts.ignoredFields).toEqual([field]);
      const own: Message = { role: "assistant", content: [{ ...reasoning, text: "deep", field: "messages[3]" }] };
      const answer = { ...own, content: [...own.content, ...answers("said").content] };
      const second = await bench.ask(request([...before, think, answer, says("b")]), { mode: "agent" });
      expect(second.facts).toMatchObject({ start: "live", ignoredFields: [field] });
      const asked = JSON.stringify(lastAsked(bench.upstream).messages);
      expect(asked).toContain('"thinking":"deep"');
      expect(asked).not.toContain('"thinking":"hm"');
    });

    test("a conversation that goes on keeps what the agent did", async () => {
      const call =
        '[[demo tool Bash {"command":"echo from-the-tool","description":"d"}]] [[demo then]] [[demo say ok]]';
      const first = await bench.ask(request([says(call)]), { mode: "agent" });
      expect(first.error).toBeUndefined();
      const second = await bench.ask(request([says(call), answers(first.text), says("more")]), { mode: "agent" });
      expect(second.facts.start).toBe("live");
      expect(JSON.stringify(lastAsked(bench.upstream).messages)).toContain("from-the-tool");
    });
  });

  test.each(["agent", "chat"] as const)("the configured model answers in %s mode who names none", async (mode) => {
    const own = await openBench(path, { model: "haiku" });
    try {
      for (const model of [undefined, "default", "haiku"]) {
        const { start } = await own.ask(
          { ...request([says(`hi ${model}`)], { features: { effort: "low" } }), model },
          { mode },
        );
        expect(start?.model).toContain("haiku");
      }
      const { start } = await own.ask({ ...request([says("hi")]), model: "sonnet" }, { mode });
      expect(start?.model).toContain("sonnet");
    } finally {
      await own.close();
    }
  });

  test("the models are those the CLI offers, each once, under their full names", async () => {
    const models = await bench.backend.listModels(new AbortController().signal);
    expect(models.length).toBeGreaterThan(2);
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length);
    expect(models.every(({ id }) => id.startsWith("claude-"))).toBe(true);
    expect(models.flatMap(({ aliases }) => aliases)).toContain("haiku");
  });

  test.each(["agent", "chat"] as const)(
    "tokens are counted by the CLI in %s mode, and no model is asked",
    async (mode) => {
      // The last one, not how many: the upstream forgets old requests.
      const before = asked(bench.upstream).at(-1);
      const context = {
        requestId: "r",
        mode,
        tools: mode === "chat" ? ("client" as const) : ("agent" as const),
        principal: "tester",
        workspace: workspaceAt(bench.workspace),
        signal: new AbortController().signal,
        report: () => undefined,
      };
      const short = await bench.backend.countTokens(request([says("hi")]), context);
      const long = await bench.backend.countTokens(
        request([says("hi"), answers("ho"), says("word ".repeat(2000))]),
        context,
      );
      expect(short.exact).toBe(mode === "agent");
      expect(long.inputTokens - short.inputTokens).toBeGreaterThan(1500);
      expect(asked(bench.upstream).at(-1)).toEqual(before);
    },
  );

  test("no line either version prints is unknown", async () => {
    expect(await eventually(() => bench.backend.stats().busy === 0)).toBe(true);
    expect(bench.backend.stats()).toMatchObject({ unknownLines: {}, garbageLines: 0 });
    expect(bench.backend.status().version).toBe(version);
  });
});

function blocksOf(content: unknown): readonly Block[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : (content as readonly Block[]); // As the API has it.
}

function isOurs(block: Block): boolean {
  return block.type !== "text" || !/^\s*<(?:system-reminder|local-command|command-)/.test(block.text ?? "");
}

function bare(block: Block): unknown {
  const { cache_control: _mark, ...rest } = block as Block & { readonly cache_control?: unknown }; // The CLI's own mark.
  return rest;
}

function result(id: string, text: string, isError: boolean) {
  return { type: "tool_result", tool_use_id: id, content: [{ type: "text", text }], is_error: isError };
}
