import { describe, expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";
import type { Message, ModelRequest, Part } from "#core/request.ts";

import { continueSession, type Memory } from "./continue-session.ts";

const says = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const answers = (...texts: readonly string[]): Message => ({
  role: "assistant",
  content: texts.map((text) => ({ type: "text", text })),
});
const call: Part = { type: "tool-call", callId: "c1", toolName: "look", input: { at: 1 } };
const result: Part = { type: "tool-result", callId: "c1", content: [], isError: false };

function request(messages: readonly Message[], changes: Partial<ModelRequest> = {}): ModelRequest {
  return {
    wireFormat: "openai-chat",
    model: "opus",
    system: [],
    messages,
    stream: false,
    includeUsage: false,
    features: {},
    featureFields: {},
    ignoredFields: [],
    ...changes,
  };
}

const known = [says("one"), answers("1"), says("two"), answers("2")];
const memory: Memory = { messages: known, system: ["be brief"], model: "haiku", piecemeal: false };
const nothing: Memory = { messages: [], system: [], model: null, piecemeal: false };

/** The conversation it comes to, how much of it was known, and whether the client sends its new messages alone. */
const meaning = (messages: readonly Message[], of = memory) => {
  const { request: meant, kept, piecemeal } = continueSession(of, request(messages));
  return [meant.messages, kept, piecemeal];
};

describe("a request", () => {
  test("that begins a session is what it is", () => {
    expect(meaning([says("one")], nothing)).toEqual([[says("one")], 0, false]);
    expect(meaning(known, nothing)).toEqual([known, 0, false]);
  });

  test("of new messages alone comes after all that was said", () => {
    expect(meaning([says("three")])).toEqual([[...known, says("three")], 4, true]);
    expect(meaning([says("two")])).toEqual([[...known, says("two")], 4, true]);
  });

  test("that repeats all that was said goes on with the rest", () => {
    expect(meaning([...known, says("three")])).toEqual([[...known, says("three")], 4, false]);
  });

  test("that repeats the beginning asks again from there", () => {
    expect(meaning(known.slice(0, 3))).toEqual([known.slice(0, 3), 3, false]);
    expect(meaning(known.slice(0, 1))).toEqual([known.slice(0, 1), 1, false]);
  });

  test("that repeats the first message goes on, where the client sends its new messages alone", () => {
    expect(meaning([says("one")], { ...memory, piecemeal: true })).toEqual([[...known, says("one")], 4, true]);
  });

  test("that tells the conversation otherwise is right, from where it differs", () => {
    const edited = [says("one"), answers("1"), says("two!")];
    expect(meaning(edited)).toEqual([edited, 2, false]);
    const retold = [says("one"), answers("uno"), says("three")];
    expect(meaning(retold)).toEqual([retold, 1, false]);
    const window = [says("two"), answers("2"), says("three")];
    expect(meaning(window)).toEqual([window, 0, false]);
  });

  test("knows an answer again however its client joins the parts, and without its reasoning", () => {
    const thought: Message = {
      role: "assistant",
      content: [{ type: "reasoning", text: "hm" }, ...answers("a", "b").content],
    };
    const messages = [says("one"), thought];
    expect(meaning([says("one"), answers("ab"), says("on")], { ...memory, messages })).toEqual([
      [says("one"), answers("ab"), says("on")],
      2,
      false,
    ]);
  });

  test("of results alone, with or without their calls, goes on after the calls", () => {
    const calling: Message = { role: "assistant", content: [call] };
    const results: Message = { role: "user", content: [result] };
    const of = { ...memory, messages: [says("one"), calling] };
    const whole = [says("one"), calling, results];
    expect(meaning([results], of)).toEqual([whole, 2, true]);
    expect(meaning([calling, results], of)).toEqual([whole, 2, true]);
    expect(meaning(whole, of)).toEqual([whole, 2, false]);
  });

  test("of results whose calls nobody remembers stays out of context", () => {
    const calling: Message = { role: "assistant", content: [call] };
    const outOfContext = new GatewayError("invalid-request", "no such call");
    const asked = request([{ role: "user", content: [result] }], { outOfContext });
    expect(
      continueSession({ ...memory, messages: [says("one"), calling] }, asked).request.outOfContext,
    ).toBeUndefined();
    for (const of of [memory, nothing]) expect(continueSession(of, asked).request.outOfContext).toBe(outOfContext);
  });

  test("keeps the session's instructions and model where it gives none", () => {
    const silent = request([says("three")], { model: undefined });
    expect(continueSession(memory, silent).request).toMatchObject({ model: "haiku", system: ["be brief"] });
    const spoken = request([says("three")], { system: ["be long"] });
    expect(continueSession(memory, spoken).request).toMatchObject({ model: "opus", system: ["be long"] });
    expect(continueSession(memory, request([...known, says("three")])).request.system).toEqual([]);
  });
});
