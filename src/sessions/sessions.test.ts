import { describe, expect, test } from "bun:test";

import type { ForgottenSession } from "#core/backend.ts";
import type { ModelEvent } from "#core/events.ts";
import type { FinishReason } from "#core/finish-reason.ts";
import type { Message, ModelRequest } from "#core/request.ts";
import { noUsage } from "#core/usage.ts";
import { createSessionStore } from "#store/sessions.ts";

import type { SessionAsk, Sessions, SessionTurn } from "./sessions.ts";
import { createTestSessions, memoryDatabase } from "./testing/test-sessions.ts";

const says = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const answers = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

/** The turn of a session that can be noted. */
async function entered(sessions: Sessions, asked: SessionAsk): Promise<SessionTurn> {
  const turn = await sessions.enter(asked);
  if (turn === undefined) throw new Error("The session was not entered.");
  return turn;
}

function request(...messages: readonly Message[]): ModelRequest {
  return {
    wireFormat: "openai-chat",
    model: undefined,
    system: [],
    messages,
    stream: false,
    includeUsage: false,
    features: {},
    featureFields: {},
    ignoredFields: [],
  };
}

const ask = (text: string | ModelRequest, changes: Partial<SessionAsk> = {}): SessionAsk => ({
  principal: "p",
  session: { id: "s", named: true },
  request: typeof text === "string" ? request(says(text)) : text,
  interrupts: false,
  signal: new AbortController().signal,
  ...changes,
});

function answer(turn: SessionTurn, text: string, reason: FinishReason = "stop"): void {
  const events: readonly ModelEvent[] = [
    { type: "step-start" },
    { type: "text-start", id: "1" },
    { type: "text-delta", id: "1", text },
    { type: "text-end", id: "1" },
    { type: "finish", reason, usage: noUsage, steps: 1 },
  ];
  for (const event of events) turn.note(event);
  turn.leave();
}

async function takeTurn(sessions: Sessions, text: string | ModelRequest, changes?: Partial<SessionAsk>) {
  const turn = await entered(sessions, ask(text, changes));
  turn.runsIn("chat", undefined);
  answer(turn, "yes");
  return turn.request.messages;
}

describe("a named session", () => {
  test("remembers each turn that was answered, in another process too", async () => {
    const database = memoryDatabase();
    const sessions = createTestSessions({ database });
    await takeTurn(sessions, "one");
    expect(await takeTurn(createTestSessions({ database }), "two")).toEqual([says("one"), answers("yes"), says("two")]);
    expect(sessions.find({ principal: "p", id: "s" })).toMatchObject({
      named: true,
      turns: 2,
      mode: "chat",
      running: 0,
    });
  });

  test("forgets a turn that failed, was refused or said nothing", async () => {
    const sessions = createTestSessions();
    await takeTurn(sessions, "one");
    const failed = await entered(sessions, ask("two"));
    failed.leave();
    for (const [text, reason] of [
      ["no", "content-filter"],
      ["no", "error"],
      ["", "stop"],
    ] as const)
      answer(await entered(sessions, ask("two")), text, reason);
    expect(await takeTurn(sessions, "three")).toEqual([says("one"), answers("yes"), says("three")]);
  });

  test("keeps what its client calls, and not what the agent did by itself", async () => {
    const sessions = createTestSessions();
    const turn = await entered(sessions, ask("one"));
    const tool = (id: string, executedBy: "client" | "backend"): ModelEvent[] => [
      { type: "tool-input-start", id, toolName: "look", executedBy },
      { type: "tool-input-delta", id, delta: '{"at":1}' },
      { type: "tool-input-end", id },
    ];
    for (const event of [...tool("a", "backend"), ...tool("b", "client")]) turn.note(event);
    turn.note({ type: "finish", reason: "tool-calls", usage: noUsage, steps: 1 });
    turn.leave();
    const next = await entered(sessions, ask("two"));
    expect(next.request.messages[1]?.content).toEqual([
      { type: "tool-call", callId: "b", toolName: "look", input: { at: 1 } },
    ]);
  });

  test("that is asked again from an earlier place forgets what came after it", async () => {
    const sessions = createTestSessions();
    await takeTurn(sessions, "one");
    await takeTurn(sessions, request(says("one"), answers("yes"), says("two")));
    await takeTurn(sessions, request(says("one"), answers("yes"), says("rather")));
    expect(await takeTurn(sessions, "three")).toEqual([
      says("one"),
      answers("yes"),
      says("rather"),
      answers("yes"),
      says("three"),
    ]);
  });

  test("whose memory another process has changed meanwhile ends as the last turn knew it", async () => {
    const database = memoryDatabase();
    const [one, two] = [createTestSessions({ database }), createTestSessions({ database })];
    await takeTurn(one, "one");
    const slow = await entered(one, ask("two"));
    await takeTurn(two, "between");
    await takeTurn(two, "between again");
    answer(slow, "slow");
    expect(await takeTurn(two, "three")).toEqual([
      says("one"),
      answers("yes"),
      says("two"),
      answers("slow"),
      says("three"),
    ]);
  });

  test("gives back what its backend needs to resume it, to its caller alone", async () => {
    const sessions = createTestSessions();
    const turn = await entered(sessions, ask("one"));
    turn.learn({ resume: "early", sessionId: "cli" });
    answer(turn, "yes");
    turn.learn({ resume: "token" });
    const resumeFor = async (changes?: Partial<SessionAsk>) => {
      const next = await entered(sessions, ask("two", changes));
      next.leave();
      return next.resume;
    };
    expect(await resumeFor()).toBe("token");
    expect(await resumeFor({ principal: "q" })).toBeUndefined();
    expect(await resumeFor({ session: { id: "s", named: false } })).toBeUndefined();
  });
});

test("an id that is but a hint brings no memory and is listed", async () => {
  const sessions = createTestSessions();
  const hint = { session: { id: "h", named: false } };
  await takeTurn(sessions, "one", hint);
  expect(await takeTurn(sessions, "two", hint)).toEqual([says("two")]);
  expect(sessions.list("p", { limit: 9 }).sessions).toMatchObject([{ id: "h", named: false, turns: 2 }]);
});

test("pages list the caller's own, last used first, each once", async () => {
  let now = 0;
  const sessions = createTestSessions({ now: () => now });
  for (const id of ["a", "b", "c", "d", "e"]) {
    now += id === "c" ? 0 : 1;
    await takeTurn(sessions, "hi", { session: { id, named: true } });
    await takeTurn(sessions, "hi", { principal: "q", session: { id: `q${id}`, named: true } });
  }
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const { sessions: page, hasMore } = sessions.list("p", { limit: 2, after });
    seen.push(...page.map(({ id }) => id));
    after = hasMore ? page.at(-1)?.id : undefined;
  } while (after !== undefined);
  expect(seen).toEqual(["e", "d", "c", "b", "a"]);
});

test("forgetting one stops its turn, removes every word, and tells what else is to be removed", async () => {
  const database = memoryDatabase();
  const gone: ForgottenSession[] = [];
  const sessions = createTestSessions({ database, onForgotten: (session) => gone.push(session) });
  const turn = await entered(sessions, ask("one"));
  turn.learn({ resume: "token" });
  answer(turn, "yes");
  const running = await entered(sessions, ask("two"));
  expect(sessions.forget({ principal: "q", id: "s" })).toBe(false);
  expect(running.signal.aborted).toBe(false);
  expect(sessions.forget({ principal: "p", id: "s" })).toBe(true);
  expect(running.signal.aborted).toBe(true);
  answer(running, "too late");
  expect(gone).toEqual([{ principal: "p", id: "s", resume: "token" }]);
  for (const table of ["sessions", "session_messages"])
    expect(database.query(`SELECT * FROM ${table}`).all()).toEqual([]);
  expect(sessions.interrupt({ principal: "p", id: "s" })).toBeUndefined();
});

test("what is unused for long, or beyond the number kept, is forgotten; each kind by itself", async () => {
  let now = 0;
  const gone: string[] = [];
  const sessions = createTestSessions({
    options: { waitMs: 1000, maxWaiting: 1, keepMs: 100, most: 2, mostBytes: 1_000_000 },
    now: () => now,
    onForgotten: ({ id }) => gone.push(id),
  });
  for (const id of ["a", "b", "c"]) {
    now += 10;
    await takeTurn(sessions, "hi", { session: { id, named: true } });
    await takeTurn(sessions, "hi", { session: { id: `hint ${id}`, named: false } });
  }
  expect(gone.toSorted()).toEqual(["a", "hint a"]);
  now += 95;
  const stop = sessions.startPruning();
  stop();
  expect(gone.toSorted()).toEqual(["a", "b", "hint a", "hint b"]);
});

test("beyond the space that all may take together the longest unused is forgotten when one more begins", async () => {
  const gone: string[] = [];
  const sessions = createTestSessions({
    options: { waitMs: 1000, maxWaiting: 1, keepMs: 100, most: 9, mostBytes: 1500 },
    now: () => 1,
    onForgotten: ({ id }) => gone.push(id),
  });
  for (const id of ["a", "b", "c"]) await takeTurn(sessions, "x".repeat(1000), { session: { id, named: true } });
  expect(gone).toEqual(["a"]);
});

test("a memory that cannot be written costs no answer, and one that cannot be read is an error", async () => {
  const database = memoryDatabase();
  const store = createSessionStore(database, () => undefined);
  const faults: unknown[] = [];
  const broken = {
    ...store,
    saveTurn: () => {
      throw new Error("disk full");
    },
  };
  const sessions = createTestSessions({ store: broken, onFault: (error) => faults.push(error) });
  await takeTurn(sessions, "one");
  expect(faults).toHaveLength(1);
  expect(await takeTurn(sessions, "two")).toEqual([says("two")]);
  const blind = createTestSessions({
    store: {
      ...store,
      messages: () => {
        throw new Error("torn");
      },
    },
  });
  await expect(entered(blind, ask("three"))).rejects.toMatchObject({ kind: "unavailable" });
  await expect(entered(blind, ask("three"))).rejects.toMatchObject({ kind: "unavailable" });
});
