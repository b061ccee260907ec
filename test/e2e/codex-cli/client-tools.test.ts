/** The client's own tools behind the real Codex: its turn waits for their results, and the model is asked once an answer. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { Message, ModelRequest, Part } from "#core/request.ts";

import { childrenOf } from "../support/children.ts";
import { pixel } from "../support/media.ts";
import { waitFor } from "../support/proxy.ts";
import {
  type Answer,
  type AskOptions,
  type Bench,
  codexProgram,
  lookup,
  openBench,
  request,
  says,
  withResults,
} from "./support.ts";

setDefaultTimeout(30_000);

const call = (of: string): string => `[[demo tool lookup {"of":"${of}"}]]`;
const then = " [[demo then]] ";
const asking = (prompt: string, overrides: Partial<ModelRequest> = {}): ModelRequest =>
  request([says(prompt)], { features: { tools: [lookup] }, ...overrides });

/** The results, and a word of the user's. */
function hurried({ messages }: ModelRequest): Message {
  return { role: "user", content: [...(messages.at(-1)?.content ?? []), { type: "text", text: "and hurry" }] };
}

describe.skipIf(codexProgram === undefined)("tools of the client's", () => {
  let bench: Bench;
  const notices: string[] = [];
  beforeAll(async () => {
    bench = await openBench({ onNotice: ({ message }) => notices.push(message) });
  });
  afterAll(() => bench.close());
  beforeEach(() => bench.forget());
  const rolesOf = () =>
    bench
      .asked()
      .at(-1)
      ?.input.map(({ type, role }) => role ?? type);

  // proves("upstream-codex")
  test("one call, and the turn goes on with its result", async () => {
    const asked = asking(`[[demo say Let me see.]] ${call("it")}${then}[[demo say It is plum.]]`);
    const first = await bench.ask(asked);
    expect([first.text, first.finish?.reason, first.calls]).toMatchObject([
      "Let me see.",
      "tool-calls",
      [{ toolName: "lookup", input: { of: "it" } }],
    ]);
    const kinds = first.events.map(({ type }) => type);
    expect(kinds.slice(-3)).toEqual(["tool-input-end", "step-end", "finish"]);
    const second = await bench.ask(withResults(asked, first, ["plum"]));
    expect([second.text, second.finish?.reason, second.finish?.steps, second.facts.start]).toEqual([
      "It is plum.",
      "stop",
      1,
      "live",
    ]);
    expect(bench.asked()).toHaveLength(2);
    expect(rolesOf()).toEqual(["user", "assistant", "function_call", "function_call_output"]);
    expect(bench.asked()[1]?.input.at(-1)).toMatchObject({ output: "plum" });
    expect(second.start?.responseId).not.toBe(first.start?.responseId ?? "");
  });

  test("two calls of one answer, a failure and a picture among their results", async () => {
    const asked = asking(`${call("a")} ${call("b")}${then}[[demo media]]`);
    const first = await bench.ask(asked);
    expect(first.calls.map(({ input }) => input)).toEqual([{ of: "a" }, { of: "b" }]);
    const [a, b] = first.calls.map(({ callId }) => callId);
    const image: Part = { type: "image", source: { type: "base64", mediaType: "image/png", data: pixel } };
    const results: readonly Part[] = [
      { type: "tool-result", callId: b ?? "", content: [image], isError: false },
      { type: "tool-result", callId: a ?? "", content: [{ type: "text", text: "no such thing" }], isError: true },
    ];
    const { messages } = withResults(asked, first, []);
    const brought = { ...asked, messages: [...messages.slice(0, -1), { role: "user" as const, content: results }] };
    const second = await bench.ask(brought);
    expect(second.text).toContain("image/png");
    expect(second.facts.start).toBe("live");
    expect(bench.asked()).toHaveLength(2);
    expect(JSON.stringify(bench.asked()[1])).toContain("Error: no such thing");
  });

  test("five calls one after the other", async () => {
    const steps = ["1", "2", "3", "4", "5"].map(call);
    let asked = asking([...steps, "[[demo say All five.]]"].join(then));
    let answer = await bench.ask(asked);
    const seen: unknown[] = [];
    while (answer.finish?.reason === "tool-calls") {
      seen.push(answer.calls[0]?.input);
      asked = withResults(asked, answer, ["ok"]);
      answer = await bench.ask(asked);
    }
    expect([answer.text, seen]).toEqual(["All five.", ["1", "2", "3", "4", "5"].map((of) => ({ of }))]);
    expect(bench.asked()).toHaveLength(6);
    expect(answer.facts.start).toBe("live");
  });

  test("the tools of Codex keep their names, and the client's gets another towards the model", async () => {
    const features = {
      tools: [
        { ...lookup, name: "exec_command" },
        { ...lookup, name: "wetter.für" },
      ],
    };
    const asked = asking('[[demo tool client_exec_command {"of":"x"}]]', { features });
    const { calls, facts } = await bench.ask(asked);
    expect(calls).toMatchObject([{ toolName: "exec_command", input: { of: "x" } }]);
    const names = bench.asked()[0]?.tools?.map(({ name }) => name);
    expect(names).toEqual(["client_exec_command", expect.stringMatching(/^wetter_f_r_[0-9a-f]{8}$/)]);
    expect(facts.renamedTools).toEqual([
      { name: "exec_command", as: names?.[0] ?? "" },
      { name: "wetter.für", as: names?.[1] ?? "" },
    ]);
    expect(bench.backend.endWaiting?.({ principal: "tester", requestId: "req_test" })).toBe(1);
  });

  test("what a tool's schema asks for reaches the model, in one word or another", async () => {
    const day = { type: "string", format: "date", description: "When." };
    const inputSchema = { type: "object", properties: { day, of: { enum: ["it"] } }, required: ["day"] };
    await bench.ask(asking("hi", { features: { tools: [{ ...lookup, inputSchema }] } }));
    const told = JSON.stringify(bench.asked()[0]?.tools);
    for (const words of ["When. (format: date)", '"enum":["it"]', '"required":["day"]']) expect(told).toContain(words);
    const pair = { type: "array", items: [{ type: "number" }, { type: "string" }] };
    const long = { type: "object", properties: { pair, day: { ...day, description: `Long. ${"x".repeat(5000)}` } } };
    await bench.ask(asking("hi", { features: { tools: [{ ...lookup, inputSchema: long }] } }));
    expect(bench.asked()[1]?.tools?.[0]).toMatchObject({
      description: expect.stringContaining(JSON.stringify(long)),
      parameters: { properties: { pair: { items: {} } } },
    });
  });

  /** Brings the result of a first answer's call in another way than it was asked. */
  async function replayed(change: (next: ModelRequest) => ModelRequest, options: AskOptions = {}): Promise<Answer> {
    const asked = asking(`${call("it")}${then}[[demo say It is plum.]]`);
    const first = await bench.ask(asked);
    return await bench.ask(change(withResults(asked, first, ["plum"])), options);
  }

  test.each<[string, (next: ModelRequest) => ModelRequest]>([
    ["other instructions", (next) => ({ ...next, system: ["Be brief."] })],
    ["something else beside it", (next) => ({ ...next, messages: [...next.messages.slice(0, -1), hurried(next)] })],
  ])("a result that comes with %s is answered from the conversation, and the turn ends", async (_, change) => {
    const { facts } = await replayed(change);
    expect(facts.start).toBe("warm");
    expect(bench.asked()).toHaveLength(2);
    expect(bench.asked()[1]?.input).toContainEqual(expect.objectContaining({ output: "plum" }));
    expect(bench.backend.endWaiting?.({ principal: "tester", requestId: "req_test" })).toBe(0);
  });

  test("another caller with the same call is answered from what it brings, and the turn is left alone", async () => {
    const { facts } = await replayed((next) => next, { principal: "somebody else" });
    expect(facts.start).toBe("warm");
    expect(bench.backend.endWaiting?.({ principal: "somebody else", requestId: "req_test" })).toBe(0);
    expect(bench.backend.endWaiting?.({ principal: "tester", requestId: "req_test" })).toBe(1);
  });

  test("turns that wait are ended by their request's id, or their session's", async () => {
    const left = { requestId: "req_1", session: { id: "s", named: true } };
    await bench.ask(asking(call("it")), left);
    await bench.ask(asking(call("it")), { ...left, session: { id: "t", named: true } });
    expect(bench.backend.endWaiting?.({ principal: "tester", session: "other" })).toBe(0);
    expect(bench.backend.endWaiting?.({ principal: "tester", requestId: "req_1" })).toBe(2);
    await bench.ask(asking(call("it")), left);
    expect(bench.backend.endWaiting?.({ principal: "tester", session: "s" })).toBe(1);
    expect(notices).toEqual([]);
  });

  test("no more turns wait than may, and none for longer; late results are answered from the conversation", async () => {
    const told: string[] = [];
    const short = await openBench({
      maxParkedTurns: 1,
      parkedTtlMs: 300,
      onNotice: ({ message }) => told.push(message),
    });
    const asked = asking(`${call("it")}${then}[[demo say It is plum.]]`);
    const first = await short.ask(asked);
    const second = await short.ask(asked);
    expect(told.join()).toContain("pool.max_parked_turns");
    const late = await short.ask(withResults(asked, first, ["plum"]));
    expect([late.text, late.facts.start]).toEqual(["It is plum.", "warm"]);
    await waitFor(() => told.find((message) => message.includes("pool.parked_ttl_minutes")), 5000);
    const later = await short.ask(withResults(asked, second, ["plum"]));
    expect([later.text, later.facts.start]).toEqual(["It is plum.", "warm"]);
    // Two questions, and each answered anew.
    expect(short.asked()).toHaveLength(4);
    await short.close();
  });

  test("a turn whose process dies while it waits is answered from the conversation", async () => {
    const asked = asking(`${call("it")}${then}[[demo say It is plum.]]`);
    const first = await bench.ask(asked);
    for (const pid of childrenOf(`CODEX_HOME=${bench.home}`, process.pid)) process.kill(pid, "SIGKILL");
    await waitFor(() => bench.backend.status().detail.includes("first request") || undefined, 5000);
    const { text, facts } = await bench.ask(withResults(asked, first, ["plum"]));
    expect([text, facts.start]).toEqual(["It is plum.", "cold"]);
  });

  test("a tool that is not to be used is not offered, and one that is to be is reported", async () => {
    const features = { tools: [lookup], toolChoice: { type: "none" as const } };
    await bench.ask(asking("hi", { features }));
    expect(bench.asked()[0]?.tools).toEqual([]);
    const setup = { mode: "chat", tools: "client" } as const;
    const forced = asking("hi", { features: { tools: [lookup], toolChoice: { type: "required" }, temperature: 1 } });
    expect(bench.backend.unsupported(forced, setup)).toEqual(["temperature", "toolChoice"]);
    expect(bench.backend.toolName?.("shell", forced, setup)).toBe("client_shell");
  });
});
