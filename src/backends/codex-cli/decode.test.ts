import { expect, test } from "bun:test";

import type { ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";

import { TurnDecoder } from "./decode.ts";
import { type Params, parseMessage } from "./messages.ts";
import { readCall } from "./notices.ts";

const turnId = "t";
const usage = {
  inputTokens: 10,
  outputTokens: 5,
  cachedInputTokens: 0,
  cacheWriteInputTokens: 0,
  reasoningOutputTokens: 0,
};

function createDecoder(tellsActs = true) {
  const decoder = new TurnDecoder({
    model: "gpt-5.5",
    provider: "openai",
    clientName: (name) => name.replace("client_", ""),
    offered: new Set(["lookup", "client_wait"]),
    tellsActs,
    rateLimits: () => undefined,
    before: noUsage,
  });
  const told = (method: string, params: Params = {}): readonly ModelEvent[] =>
    decoder.told(method, { turnId, ...params });
  const called = (callId: string, tool = "lookup") => decoder.called({ callId, tool, input: { of: callId } });
  told("turn/started", { turn: { id: turnId } });
  return { decoder, told, called };
}

const raw = (item: Params): [string, Params] => ["rawResponseItem/completed", { item }];
const announced = (id: string) => raw({ type: "function_call", name: "lookup", call_id: id });
const written: [string, Params] = ["rawResponse/completed", { usage }];
const says = (delta: string): [string, Params] => ["item/agentMessage/delta", { itemId: "m", delta }];
const completed: [string, Params] = ["turn/completed", { turn: { id: turnId, status: "completed" } }];
const command = (status: string): Params => ({
  item: { type: "commandExecution", id: "c", command: "ls", cwd: "/w", status, aggregatedOutput: "a\n" },
});
const typesOf = (events: readonly ModelEvent[]) => events.map(({ type }) => type);

test("code that the model wrote calls tools as it runs, some at once, without asking the model again", async () => {
  const file = await Bun.file(new URL("fixtures/code-mode-0.169.0.jsonl", import.meta.url)).text();
  const decoder = new TurnDecoder({
    model: "gpt-6.1-sol",
    provider: "openai",
    clientName: (name) => name,
    offered: new Set(["lookup"]),
    tellsActs: false,
    rateLimits: () => undefined,
    before: noUsage,
  });
  const answers: ModelEvent[][] = [[]];
  for (const line of file.trim().split("\n")) {
    const message = parseMessage(line);
    if (message.type !== "notice" && message.type !== "question") throw new Error(`What is ${line}?`);
    const { method, params } = message;
    const call = message.type === "question" ? readCall(params) : undefined;
    // Between two batches of calls there was silence.
    if (method === "item/completed" && decoder.awaits === "perhaps-client") {
      answers.at(-1)?.push(...decoder.handOver());
      answers.push([]);
    }
    answers.at(-1)?.push(...(call === undefined ? decoder.told(method, params) : decoder.called(call)));
  }
  const ends = answers.map((events) => {
    const names = events.flatMap((event) => (event.type === "tool-input-start" ? event.toolName : []));
    return [names.length, events.at(-1)];
  });
  expect(ends).toMatchObject([
    [2, { type: "finish", reason: "tool-calls", usage: { inputTokens: 10, outputTokens: 5 }, steps: 1 }],
    [1, { type: "finish", reason: "tool-calls", usage: { inputTokens: 0 }, steps: 0 }],
    [0, { type: "finish", reason: "stop", usage: { inputTokens: 10, outputTokens: 5 }, steps: 1 }],
  ]);
  expect(new Set(answers.map(([first]) => first?.type === "start" && first.responseId)).size).toBe(3);
});

test("calls of one answer are told in the model's order, whatever order Codex asks in, and within their step", () => {
  const { decoder, told, called } = createDecoder();
  told(...announced("a"));
  told(...announced("b"));
  expect(called("b")).toEqual([]);
  told(...written);
  expect(decoder.awaits).toBe("codex");
  const events = called("a");
  expect(events.flatMap((event) => (event.type === "tool-input-start" ? event.id : []))).toEqual(["a", "b"]);
  expect(events.at(-1)?.type).toBe("step-end");
  expect(decoder.awaits).toBe("client");
});

test("a call that Codex answers itself is not waited for", () => {
  const { decoder, told, called } = createDecoder();
  told(...announced("a"));
  told(...announced("b"));
  told(...written);
  called("b");
  told(...raw({ type: "function_call_output", call_id: "a" }));
  expect(decoder.awaits).toBe("client");
});

test("a version that does not tell raw items hands calls over after a silence", () => {
  const { decoder, told, called } = createDecoder();
  told(...says("Let me see."));
  told("item/completed", { item: { type: "agentMessage", id: "m", text: "Let me see." } });
  called("a");
  expect(decoder.awaits).toBe("perhaps-client");
  expect(typesOf(decoder.handOver())).toEqual(["step-end", "finish"]);
});

test("what an agent does while it still writes is told behind that", () => {
  const { told } = createDecoder();
  told(...says("I "));
  expect(told("item/started", command("inProgress"))).toEqual([]);
  expect(told("item/completed", command("completed"))).toEqual([]);
  expect(typesOf(told(...says("look.")))).toEqual(["text-delta"]);
  const events = told("item/completed", { item: { type: "agentMessage", id: "m", text: "I look." } });
  expect(typesOf(events)).toEqual([
    "text-end",
    "tool-input-start",
    "tool-input-delta",
    "tool-input-end",
    "tool-result",
  ]);
});

test("what a bare model tries to do by itself is not told", () => {
  const { told } = createDecoder(false);
  expect(told("item/completed", command("declined"))).toEqual([]);
});

test("parts of thoughts are paragraphs, and a thought is whole with its seal", () => {
  const { told } = createDecoder();
  const part = (summaryIndex: number, delta: string) =>
    told("item/reasoning/summaryTextDelta", { itemId: "r", summaryIndex, delta });
  const texts = [...part(0, "One."), ...part(1, "Two.")].flatMap((event) =>
    event.type === "reasoning-delta" ? event.text : [],
  );
  expect(texts).toEqual(["One.", "\n\nTwo."]);
  expect(told("item/completed", { item: { type: "reasoning", id: "r", summary: ["One.", "Two."] } })).toEqual([]);
  expect(told(...raw({ type: "reasoning", id: "r", encrypted_content: "AA" }))).toMatchObject([
    { type: "reasoning-end", signature: "codex-cli|openai-responses:r:AA" },
  ]);
});

test("an answer that is begun anew after it was shown is an error, and one before that is not", () => {
  const again = { willRetry: true, error: { message: "Reconnecting... 1/5", codexErrorInfo: {} } };
  const { told } = createDecoder();
  expect(told("error", again)).toEqual([]);
  told(...says("a"));
  expect(told("error", again)).toMatchObject([{ type: "error", error: { kind: "upstream" } }]);
  expect(told(...completed)).toEqual([]);
});

test.each([
  ["max_output_tokens", "length"],
  ["content_filter", "content-filter"],
])("an answer that is cut short by %s is one, also where it is asked for once alone", (cause, reason) => {
  const { told } = createDecoder();
  told(...says("a"));
  const error = { message: `Incomplete response returned, reason: ${cause}`, codexErrorInfo: "other" };
  expect(told("turn/completed", { turn: { id: "t", status: "failed", error } }).at(-1)).toMatchObject({
    type: "finish",
    reason,
  });
});

test("a provider is waited for until its first word, and while it fails; whoever gives up says why", () => {
  const again = { willRetry: true, error: { message: "Reconnecting... 1/5", additionalDetails: "Slow down." } };
  const silent = createDecoder();
  expect(silent.decoder.awaits).toBe("first-word");
  silent.told("item/completed", { item: { type: "userMessage", id: "u" } });
  expect(silent.decoder.awaits).toBe("first-word");
  expect(silent.decoder.giveUp()).toMatchObject([{ error: { kind: "timeout" } }]);
  const failing = createDecoder();
  failing.told("error", again);
  expect(failing.decoder.awaits).toBe("another-try");
  failing.told("item/started", { item: { type: "reasoning", id: "r" } });
  expect(failing.decoder.awaits).toBe("codex");
  failing.told("error", again);
  expect(failing.decoder.giveUp()).toMatchObject([{ error: { message: "Codex: Slow down." } }]);
});

test("an agent that has begun is not given up for what its provider fails at: work would be lost", () => {
  const { decoder, told } = createDecoder();
  told("item/completed", command("completed"));
  told("error", { willRetry: true, error: { message: "Reconnecting... 1/5" } });
  expect(decoder.awaits).toBe("codex");
});

test("of another turn in the thread nothing is told", () => {
  const { decoder } = createDecoder();
  expect(decoder.told("item/agentMessage/delta", { turnId: "another", itemId: "m", delta: "a" })).toEqual([]);
});
