import { expect, test } from "bun:test";

import type { Permission } from "./permission.ts";
import { type Effect, firstState, type Input, type State, step } from "./state.ts";

function permission(id: string, more: Partial<Permission> = {}): Permission {
  return {
    type: "permission_request",
    request_id: id,
    tool_name: "Bash",
    input: { command: id },
    description: null,
    reason: null,
    blocked_path: null,
    always: null,
    diff: null,
    timeout_seconds: 30,
    created_at: "2026-01-01T00:00:00.000Z",
    expires_at: "2026-01-01T00:00:30.000Z",
    ...more,
  };
}

const asks = (id: string, more?: Partial<Permission>): Input => ({ type: "event", event: permission(id, more) });
const key = (name: string): Input => ({ type: "key", key: name });
const resolves = (id: string, status = "allowed"): Input => ({
  type: "event",
  event: { type: "permission_resolved", request_id: id, allowed: status === "allowed", status },
});

/** Plays inputs a second apart, but for those that come `at` a time of their own. */
function play(inputs: readonly (Input & { readonly at?: number })[]): { state: State; effects: readonly Effect[] } {
  let state = firstState;
  let now = 0;
  const effects: Effect[] = [];
  for (const input of inputs) {
    now = input.at ?? now + 1000;
    const [next, more] = step(state, input, now);
    state = next;
    effects.push(...more);
  }
  return { state, effects };
}

const connected: Input = { type: "connected" };
const answer = (id: string, given: object): Effect => ({ type: "respond", id, answer: { allowed: true, ...given } });

test.each([
  ["y", { allowed: true }],
  ["enter", { allowed: true }],
  ["n", { allowed: false }],
  ["escape", { allowed: false }],
])("%s decides on the call that is shown", (name, given) => {
  expect(play([connected, asks("a"), asks("b"), key(name)]).effects).toEqual([answer("a", given)]);
});

test("always is asked for only where it can be had", () => {
  expect(play([connected, asks("a", { always: "Bash(ls)" }), key("a")]).effects).toEqual([
    answer("a", { always: true }),
  ]);
  expect(play([connected, asks("a"), key("a")]).effects).toEqual([]);
});

test("a key that was meant for the call before does not decide on the next", () => {
  const { effects } = play([
    { ...connected, at: 0 },
    { ...asks("a"), at: 1000 },
    { ...key("y"), at: 1499 },
    { ...asks("b"), at: 1600 },
    { ...resolves("a"), at: 2000 },
    { ...key("y"), at: 2100 },
    { ...key("n"), at: 2499 },
    { ...key("y"), at: 2500 },
  ]);
  expect(effects).toEqual([answer("b", {})]);
});

test("a call that others resolve, or that expires, is gone, with what was begun for it", () => {
  const { state } = play([connected, asks("a"), asks("b"), key("m"), key("x"), resolves("a", "withdrawn")]);
  expect(state).toMatchObject({ queue: [{ request_id: "b" }], typing: undefined, notice: "Bash: withdrawn" });
  const expired: Input = { type: "event", event: { type: "permission_expired", request_id: "b" } };
  expect(play([connected, asks("b"), expired]).state).toMatchObject({
    queue: [],
    notice: "Bash: expired, and so denied",
  });
});

test("a denial's message is typed, corrected and sent", () => {
  const typed = ["m", "N", "y", "backspace", "o", "up", ".", "enter"].map(key);
  expect(play([connected, asks("a"), ...typed]).effects).toEqual([answer("a", { allowed: false, message: "No." })]);
  expect(play([connected, asks("a"), key("m"), key("y"), key("escape")])).toMatchObject({
    state: { typing: undefined },
    effects: [],
  });
});

test("what the editor left is what is allowed, and only for the call it was opened for", () => {
  const edit = (id: string, text: string): Input => ({ type: "edited", id, text });
  const opened = play([connected, asks("a"), key("e")]).effects;
  expect(opened).toEqual([{ type: "edit", id: "a", text: '{\n  "command": "a"\n}\n' }]);
  const edited = play([connected, asks("a"), edit("a", '{"command":"safe"}'), key("y")]);
  expect(edited.effects).toEqual([answer("a", { updated_input: { command: "safe" } })]);
  for (const [text, notice] of [
    ["{", "no JSON object"],
    ["[]", "no JSON object"],
    ['{"command": "a"}', "Nothing was changed"],
  ] as const) {
    const { state, effects } = play([connected, asks("a"), edit("a", text), key("y")]);
    expect(state.notice).toContain(notice);
    expect(effects).toEqual([answer("a", {})]);
  }
  const late = play([connected, asks("a"), asks("b"), resolves("a"), edit("a", '{"command":"safe"}'), key("y")]);
  expect(late.effects).toEqual([answer("b", {})]);
});

test("tab shows the next call, keys scroll, q and ctrl-c quit", () => {
  expect(play([connected, asks("a"), asks("b"), key("tab"), key("y")]).effects).toEqual([answer("b", {})]);
  expect(play([connected, asks("a"), key("down"), key(" "), key("up")]).state.scroll).toBe(10);
  expect(play([connected, asks("a"), key("up")]).state.scroll).toBe(0);
  for (const name of ["q", "ctrl-c"]) expect(play([key(name)]).effects).toEqual([{ type: "quit" }]);
});

test("while the connection is lost nothing can be decided; the server tells again what is pending", () => {
  const lost: Input = { type: "lost", why: "Gone.", retryMs: 2000 };
  const { state, effects } = play([connected, asks("a"), lost, key("y")]);
  expect([effects, state.trouble]).toEqual([[], "Gone. Trying again in 2 s."]);
  expect(play([connected, asks("a"), lost, connected, asks("a")]).state).toMatchObject({
    trouble: undefined,
    queue: [{ request_id: "a" }],
  });
});
