import { describe, expect, test } from "bun:test";

import type { ModelEvent } from "#core/events.ts";
import { collect, type ModelResponse } from "#core/response.ts";
import { noUsage } from "#core/usage.ts";
import { verbosities, type Verbosity } from "#core/verbosity.ts";
import { anthropicMessages } from "#wire/anthropic-messages/index.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";

import { createAgentView } from "./create-view.ts";

const usage = { ...noUsage, inputTokens: 10, cacheReadInputTokens: 4, cacheWriteInputTokens: 3, outputTokens: 5 };

const said: readonly ModelEvent[] = [
  { type: "start", responseId: "msg_1", model: "claude-x", usage },
  { type: "step-start" },
  { type: "reasoning-start", id: "1" },
  { type: "reasoning-delta", id: "1", text: "I " },
  { type: "reasoning-delta", id: "1", text: "look." },
  { type: "reasoning-end", id: "1", signature: "EqQB" },
  ...text("2", "Let me see."),
  ...call("toolu_1", "Read", '{"file_path":', '"/tmp/a"}'),
  { type: "step-end", usage },
  result("toolu_1", "one\ntwo"),
  { type: "step-start" },
  ...text("3", "Done."),
  { type: "step-end", usage },
  { type: "finish", reason: "stop", rawReason: "end_turn", usage, costUsd: 0.25, steps: 2 },
];

function text(id: string, ...deltas: readonly string[]): readonly ModelEvent[] {
  return [
    { type: "text-start", id },
    ...deltas.map((delta): ModelEvent => ({ type: "text-delta", id, text: delta })),
    { type: "text-end", id },
  ];
}

function call(id: string, toolName: string, ...deltas: readonly string[]): readonly ModelEvent[] {
  return [
    { type: "tool-input-start", id, toolName, executedBy: "backend" },
    ...deltas.map((delta): ModelEvent => ({ type: "tool-input-delta", id, delta })),
    { type: "tool-input-end", id },
  ];
}

function result(id: string, content: unknown, isError = false): ModelEvent {
  return { type: "tool-result", id, content, isError };
}

function shownAs(verbosity: Verbosity, events: readonly ModelEvent[], clientHasTools = false): ModelEvent[] {
  const view = createAgentView({ verbosity, clientHasTools, sessionId: () => "s-1" });
  return events.flatMap((event) => view.show(event));
}

const textIn = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");

function whole(events: readonly ModelEvent[]): Promise<ModelResponse> {
  async function* batches() {
    yield events;
  }
  return collect(batches());
}

const options = { requestId: "req_1", includeUsage: true, createdAt: 0 };

// proves("tool-visibility")
describe("the agent's doings", () => {
  test.each(["text-only", "ignore"] as const)("are not told with %s", (verbosity) => {
    expect(shownAs(verbosity, said)).toEqual(said.filter(({ type }) => type !== "tool-input-delta"));
  });

  test("are a line each with narrated; thinking stays thinking", () => {
    const shown = shownAs("narrated", said);
    expect(textIn(shown)).toBe("Let me see.\n🔧 Read(file_path=/tmp/a)\n   ↳ one two\nDone.");
    expect(shown.filter(({ type }) => type.startsWith("reasoning"))).toHaveLength(4);
    expect(shown.filter(({ type }) => type.startsWith("tool"))).toEqual([]);
  });

  test("are Markdown with verbose, thinking too", () => {
    expect(textIn(shownAs("verbose", said))).toBe(
      [
        "[thinking] I look.\nLet me see.\n\n**🔧 Read**\n",
        '```json\n{\n  "file_path": "/tmp/a"\n}\n```\n',
        "\n**↪ result**\n````\none\ntwo\n````\nDone.",
      ].join(""),
    );
  });

  test("are elements with JSON with formatted, thinking too", () => {
    const elements = [
      '<system_message>\n{\n  "subtype": "init",\n  "session_id": "s-1",\n  "model": "claude-x",\n  "source": "claude_agent_sdk"\n}\n</system_message>\n',
      '<thinking signature="EqQB">I look.</thinking>\nLet me see.',
      '<tool_use_sdk>\n{\n  "id": "toolu_1",\n  "name": "Read",\n  "input": {\n    "file_path": "/tmp/a"\n  }\n}\n</tool_use_sdk>\n',
      '<tool_result_sdk>\n{\n  "tool_use_id": "toolu_1",\n  "content": "one\\ntwo",\n  "is_error": false\n}\n</tool_result_sdk>\nDone.<result_message>\n',
    ];
    const shown = textIn(shownAs("formatted", said));
    expect(shown).toStartWith(elements.join(""));
    const [, json = ""] = /<result_message>\n([^]*)\n<\/result_message>\n$/.exec(shown) ?? [];
    expect(JSON.parse(json)).toEqual({
      session_id: "s-1",
      stop_reason: "end_turn",
      num_turns: 2,
      total_cost_usd: 0.25,
      usage: { input_tokens: 3, output_tokens: 5, cache_creation_input_tokens: 3, cache_read_input_tokens: 4 },
      source: "claude_agent_sdk",
    });
  });

  test("are blocks of their own with forward, in Anthropic's format", async () => {
    const message = anthropicMessages.encodeResponse(await whole(shownAs("forward", said)), options);
    const source = "claude_agent_sdk";
    expect(message).toMatchObject({
      stop_reason: "end_turn",
      content: [
        { type: "system_message", subtype: "init", session_id: "s-1", model: "claude-x", source },
        { type: "thinking" },
        { type: "text", text: "Let me see." },
        { type: "tool_use_sdk", id: "toolu_1", name: "Read", input: { file_path: "/tmp/a" }, source },
        { type: "tool_result_sdk", tool_use_id: "toolu_1", content: "one\ntwo", is_error: false, source },
        { type: "text", text: "Done." },
        { type: "result_message", session_id: "s-1", num_turns: 2, total_cost_usd: 0.25, source },
      ],
    });
  });

  test("are calls and lines with forward, in OpenAI's format", async () => {
    const completion = openaiChat.encodeResponse(await whole(shownAs("forward", said)), options);
    expect(completion).toMatchObject({
      choices: [
        {
          finish_reason: "stop",
          message: {
            content: expect.stringMatching(
              /^\[claude_agent_sdk\]: init session_id=s-1, model=claude-x\n\nLet me see\.\n\n\[claude_agent_sdk tool_result toolu_1\]: one\ntwo\n\nDone\.\n\n\[claude_agent_sdk result s-1\]: stop_reason=end_turn, usage=\{.*\}, cost_usd=0\.25$/,
            ),
            tool_calls: [
              { id: "toolu_1", type: "function", function: { name: "Read", arguments: '{"file_path":"/tmp/a"}' } },
            ],
          },
        },
      ],
    });
  });

  test("are lines alone where the client has tools: it would try to run a call", async () => {
    const completion = openaiChat.encodeResponse(await whole(shownAs("forward", said, true)), options);
    expect(JSON.stringify(completion)).not.toContain("tool_calls");
    expect(JSON.stringify(completion)).toContain("[claude_agent_sdk tool_use toolu_1]: Read(");
  });
});

describe("what a tool gave back", () => {
  const told = (verbosity: Verbosity, content: unknown, isError = false): string =>
    textIn(shownAs(verbosity, [...call("t", "Bash"), result("t", content, isError)])).replace(/^[^]*?Bash[^\n]*\n/, "");

  test("is text, and pictures by name", () => {
    const blocks = [
      { type: "text", text: "a" },
      { type: "image", source: {} },
    ];
    expect(told("narrated", blocks)).toBe("   ↳ a [image]\n");
    expect(told("narrated", "no", true)).toBe("   ✗ no\n");
    expect(told("verbose", "no", true)).toContain("\n**⚠ error**\n````\nno\n````\n");
  });

  test("is cut between characters, and has lost the CLI's notes to the model", () => {
    expect(told("narrated", `${"ä".repeat(150)}<system-reminder>secret</system-reminder>`)).toBe(
      `   ↳ ${"ä".repeat(100)}…\n`,
    );
    expect(told("verbose", `a\n<system-reminder>\nx\n</system-reminder>`)).toContain("````\na\n````\n");
    expect(told("verbose", "😀".repeat(4000)).length).toBeLessThan(4096 + 100);
  });

  test("cannot end what it stands in", () => {
    expect(told("verbose", "a\n`````\nb")).toContain("\n``````\na\n`````\nb\n``````\n");
    const element = told("formatted", "</tool_result_sdk> <b>");
    expect(element.match(/<\/tool_result_sdk>/g)).toHaveLength(1);
    const [, json = ""] = /<tool_result_sdk>([^]*)<\/tool_result_sdk>/.exec(element) ?? [];
    expect(JSON.parse(json)).toMatchObject({ content: "</tool_result_sdk> <b>" });
  });

  test("is not told when its call was the client's", () => {
    const events: ModelEvent[] = [
      { type: "tool-input-start", id: "t", toolName: "mine", executedBy: "client" },
      { type: "tool-input-delta", id: "t", delta: "{}" },
      { type: "tool-input-end", id: "t" },
      result("t", "x"),
    ];
    for (const verbosity of verbosities) expect(shownAs(verbosity, events)).toEqual(events);
  });
});

test.each(["narrated", "verbose"] as const)(
  "nothing blank opens an answer that begins with a call: %s",
  (verbosity) => {
    const shown = textIn(shownAs(verbosity, [...call("t", "Bash"), ...call("u", "Read")]));
    expect(shown).toMatch(/^(?:🔧|\*\*🔧)/);
    expect(shown).toMatch(/\n(?:🔧|\*\*🔧) Read/);
  },
);

test("a long input is cut value by value and as a whole", () => {
  const input = JSON.stringify({ first: "x".repeat(60), second: { a: [1] }, third: "y\n  z", rest: "w".repeat(90) });
  const narrated = textIn(shownAs("narrated", call("t", "Write", input)));
  expect(narrated).toBe(`🔧 Write(first=${"x".repeat(40)}…, second={"a":[1]}, third=y z, rest=${"w".repeat(35)}…)\n`);
});

test.each(["narrated", "verbose", "formatted"] as const)("no answer begins with blank lines: %s", async (verbosity) => {
  const opening = (...deltas: readonly string[]): readonly ModelEvent[] => [
    ...text("1", ...deltas),
    ...call("t", "Read", "{}"),
    ...text("2", "\n\nDone."),
  ];
  const told = textIn(shownAs(verbosity, opening()));
  expect(told).toEndWith("\n\nDone.");
  expect(textIn(shownAs(verbosity, opening("\n", "\n\n")))).toBe(told);
  expect(textIn(shownAs(verbosity, opening("\n", "\n\n  Let", " me.\n")))).toStartWith("  Let me.\n");
  const message = anthropicMessages.encodeResponse(
    await whole([...said.slice(0, 1), ...shownAs(verbosity, opening("\n")), ...said.slice(-1)]),
    options,
  );
  expect(JSON.stringify(message)).toMatch(/"content":\[\{"type":"text","text":"[^\\]/);
});

test("a call cut off by a limit is told without its input", () => {
  expect(textIn(shownAs("narrated", call("t", "Write", '{"file_pa')))).toBe("🔧 Write()\n");
});

test("encrypted thinking stays what it is", () => {
  const events: ModelEvent[] = [
    { type: "reasoning-start", id: "1", redactedData: "EmwK" },
    { type: "reasoning-end", id: "1" },
  ];
  for (const verbosity of verbosities) expect(shownAs(verbosity, events)).toEqual(events);
});

test("an error ends the stream as it is, and a turn that failed is not summed up", () => {
  const failed: ModelEvent = { type: "finish", reason: "error", usage, steps: 1 };
  for (const verbosity of verbosities) expect(shownAs(verbosity, [failed])).toEqual([failed]);
});
