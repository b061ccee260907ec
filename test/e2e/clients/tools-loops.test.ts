/** A client's own tools through the clients people use: their loops run to the end, each round on the same live child. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { type AskedBlock, conversationOf } from "../support/asked.ts";
import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { claudes } from "../support/proxy.ts";
import { anthropicLoops } from "../support/tool-loops/anthropic.ts";
import { frameworkLoops } from "../support/tool-loops/frameworks.ts";
import { type Call, createToolbox, type Loop, resultOf } from "../support/tool-loops/loop.ts";
import { openaiLoops } from "../support/tool-loops/openai.ts";
import { responsesLoops } from "../support/tool-loops/responses.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(60_000);
const model = "claude-sonnet-5-5";
const loops = [...openaiLoops, ...responsesLoops, ...anthropicLoops, ...frameworkLoops];

const weather = (city: string): Call => ({ name: "get_weather", input: { city } });
const order: Call = {
  name: "place_order",
  input: { lines: [{ item: 'a "quoted" 🙂 item', options: { size: "größer\\als\n" } }] },
};
const now: Call = { name: "now", input: {} };

/** The calls of each answer but the last: one, two at once, five in a row. */
const steps = [[weather("Zürich")], [order, now], ...["A", "B", "C", "D", "E"].map((city) => [weather(city)])] as const;

/** What the model does: each answer costs something of its own, and the last is text. */
function script(): string {
  const calling = steps.map((calls, step) =>
    [...calls.map(({ name, input }) => `[[demo tool ${name} ${JSON.stringify(input)}]]`), costOf(step)].join(" "),
  );
  return [...calling, `[[demo say All done, äöü.]] ${costOf(steps.length)}`].join(" [[demo then]] ");
}

/** Input and output tokens of each answer. */
const costs = [...steps, "the last"].map((_, step) => [100 + step, 10 + step] as const);

function costOf(step: number): string {
  return `[[demo usage in=${100 + step} out=${10 + step}]]`;
}

/** Of an answer with calls, and of the last. */
const finishesOf = {
  "openai-chat": ["tool_calls", "stop"],
  "openai-responses": ["completed", "completed"],
  "anthropic-messages": ["tool_use", "end_turn"],
} as const;

describe.each([...claudes])("claude $version", ({ path, version }) => {
  let bench: ClientBench;
  const looped: { readonly mode: string; readonly requestIds: readonly string[] }[] = [];
  beforeAll(async () => {
    bench = await openClientBench({ claude: path });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  // proves("tool-client", "tool-client-live")
  describe.each([
    { setup: "client", mode: "chat", headers: {} },
    { setup: "both", mode: "agent", headers: { "x-ccproxy-tools": "both" } },
  ] as const)("tools: $setup", ({ mode, headers }) => {
    test.each(loopsFor(version, mode))("$name: one call, two at once, five in a row", async (loop) => {
      const toolbox = createToolbox();
      const sentBefore = bench.traffic.sent.length;
      const outcome = await loop.run(bench.clients(undefined, { headers }), { model, prompt: script(), toolbox });

      // The client ran what the model called, and read what it said in the end.
      expect(toolbox.ran).toEqual(steps.flat());
      expect(outcome.text).toBe("All done, äöü.");
      const [calling, done] = finishesOf[loop.format];
      if (outcome.finishes !== undefined) expect(outcome.finishes).toEqual([...steps.map(() => calling), done]);
      if (outcome.tokens !== undefined) expect(outcome.tokens).toEqual(costs);

      // The model was asked once for each answer, and saw its own calls with their results.
      expect(bench.requests()).toHaveLength(costs.length);
      expectConversation(conversationOf(bench.lastAsked()).slice(1));

      const sent = bench.traffic.sent.slice(sentBefore).filter(({ status }) => status === 200);
      for (const { headers: answered } of sent) expect(answered.get("x-ccproxy-mode")).toBe(mode);
      looped.push({ mode, requestIds: sent.map(({ requestId }) => requestId) });
    });
  });

  test("each round but the first of a loop was answered by the child that had begun it", async () => {
    const rows = new Map((await bench.end()).map((row) => [row.requestId, row]));
    expect(looped.length).toBeGreaterThan(0);
    for (const { mode, requestIds } of looped) {
      const own = requestIds.map((id) => rows.get(id));
      expect(own.map((row) => row?.start === "live")).toEqual([false, ...steps.map(() => true)]);
      expect(new Set(own.map((row) => row?.sessionId)).size).toBe(1);
      expect(own).toMatchObject(
        costs.map(([inputTokens, outputTokens]) => ({ inputTokens, outputTokens, steps: 1, mode, status: 200 })),
      );
    }
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});

/** All of them where they are the agents; else one of each kind, as the bytes are the same. */
function loopsFor(version: string, mode: string): Loop[] {
  if (version !== claudes[0]?.version) return loops.filter(({ name }) => /openai, whole|sdk, raw/.test(name));
  return mode === "chat"
    ? loops
    : loops.filter(({ name }) => /, (?:whole|runTools|tool runner|generateText|run)$/.test(name));
}

/** Ids as the model gave them, each answered once; an agent is told of results as they are ready. */
function expectConversation(messages: ReturnType<typeof conversationOf>): void {
  const ids = messages.flatMap(([, ...blocks]) => blocks.flatMap(({ type, id }) => (type === "tool_use" ? [id] : [])));
  expect(new Set(ids).size).toBe(steps.flat().length);
  for (const id of ids) expect(id).toMatch(/^toolu_demo_\d+_\d$/);
  const left = [...ids];
  const inOrder = messages.map(([role, ...blocks]) => [
    role,
    blocks.toSorted((one, other) => ids.indexOf(idOf(one)) - ids.indexOf(idOf(other))).map(essence),
  ]);
  expect(inOrder).toEqual(
    steps.flatMap((calls) => {
      const mine = left.splice(0, calls.length);
      return [
        ["assistant", calls.map(({ name, input }, at) => ({ id: mine[at], name, input }))],
        ["user", calls.map((call, at) => ({ answers: mine[at], text: resultOf(call) }))],
      ];
    }),
  );
}

function idOf({ id, tool_use_id: answers }: AskedBlock): unknown {
  return id ?? answers;
}

function essence({ type, id, name, input, tool_use_id: answers, content }: AskedBlock): unknown {
  return type === "tool_use" ? { id, name, input } : { answers, text: textOf(content) };
}

function textOf(content: unknown): unknown {
  return Array.isArray(content) ? content.map(({ text }: { text?: string }) => text ?? "").join("") : content; // Blocks of this API.
}
