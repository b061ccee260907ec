import { afterEach, expect, jest, test } from "bun:test";

import type { ApprovalAsk } from "#core/approval.ts";

import type { Approval } from "./approval.ts";
import { type Approvals, createApprovals } from "./approvals.ts";

const ask: ApprovalAsk = { toolName: "Bash", input: { command: "ls", deep: { list: [1, null] } }, always: "Bash(ls)" };
const timeoutMs = 30_000;

afterEach(() => jest.useRealTimers());

function setUp() {
  const resolved: Approval[] = [];
  const clock = { now: 1_000_000 };
  const approvals = createApprovals({
    timeoutMs,
    onResolved: (approval) => resolved.push(approval),
    now: () => clock.now,
  });
  return { approvals, resolved, clock };
}

function listen(approvals: Approvals, { principal = "local", attends = true } = {}) {
  const told: Approval[] = [];
  const leave = approvals.subscribe(principal, { attends, notify: (approval) => told.push(approval) });
  return { told, leave };
}

function start(approvals: Approvals, { principal = "local", signal = new AbortController().signal } = {}) {
  return approvals.ask({ principal, requestId: "r1", ask, signal });
}

function firstOf(approvals: Approvals, principal = "local"): Approval {
  const [first] = approvals.pending(principal);
  if (first === undefined) throw new Error("Nothing is pending.");
  return first;
}

test('an answer reaches the asker once, and every handler at once; proves("tool-approval")', async () => {
  const { approvals, resolved } = setUp();
  const handlers = [listen(approvals), listen(approvals), listen(approvals, { attends: false })];
  const asking = start(approvals);
  const { id } = firstOf(approvals);
  expect(approvals.respond("local", id, { allowed: true })).toMatchObject({ status: "allowed" });
  expect(await asking).toEqual({ allowed: true, input: ask.input, always: false });
  for (const { told } of handlers) expect(told.map(({ status }) => status)).toEqual(["pending", "allowed"]);
  expect(() => approvals.respond("local", id, { allowed: false })).toThrow("allowed already");
  expect(resolved.map(({ status }) => status)).toEqual(["allowed"]);
  expect(approvals.find("local", id)).toMatchObject({ status: "allowed", requestId: "r1" });
});

test("an edited input is what the tool gets, and a denial carries its message", async () => {
  const { approvals } = setUp();
  listen(approvals);
  const edited = start(approvals);
  approvals.respond("local", firstOf(approvals).id, { allowed: true, input: { command: "pwd" }, always: true });
  expect(await edited).toEqual({ allowed: true, input: { command: "pwd" }, always: true });
  const denied = start(approvals);
  approvals.respond("local", firstOf(approvals).id, { allowed: false, message: "No." });
  expect(await denied).toEqual({ allowed: false, message: "No." });
});

test("what cannot be allowed for longer stays pending when that is asked for", async () => {
  const { approvals } = setUp();
  listen(approvals);
  const { always: _, ...once } = ask;
  const signal = new AbortController().signal;
  const asking = approvals.ask({ principal: "local", requestId: "r1", ask: once, signal });
  const { id } = firstOf(approvals);
  expect(() => approvals.respond("local", id, { allowed: true, always: true })).toThrow("only once");
  approvals.respond("local", id, { allowed: true });
  expect(await asking).toMatchObject({ allowed: true });
});

test("a call that nobody answers is denied when its time is up", async () => {
  jest.useFakeTimers();
  const { approvals, resolved } = setUp();
  const { told } = listen(approvals);
  const asking = start(approvals);
  jest.advanceTimersByTime(timeoutMs - 1);
  expect(approvals.pending("local")).toHaveLength(1);
  jest.advanceTimersByTime(1);
  expect(await asking).toMatchObject({ allowed: false, message: expect.stringContaining("expired") });
  expect(told.at(-1)?.status).toBe("expired");
  expect(resolved).toHaveLength(1);
});

test("where no handler is there, a call is denied at once; an onlooker is none", async () => {
  const { approvals, clock } = setUp();
  const onlooker = listen(approvals, { attends: false });
  expect(await start(approvals)).toMatchObject({
    allowed: false,
    message: expect.stringContaining("no approval handler"),
  });
  expect(onlooker.told.map(({ status }) => status)).toEqual(["pending", "denied"]);
  listen(approvals, { principal: "other" });
  expect(await start(approvals)).toMatchObject({ allowed: false });

  // One that was there a moment ago may be on its way back, and one that polls comes again.
  const handler = listen(approvals);
  handler.leave();
  clock.now += 9999;
  void start(approvals);
  clock.now += 9999;
  const polled = firstOf(approvals);
  void start(approvals);
  expect(approvals.pending("local").map(({ status }) => status)).toEqual(["pending", "pending"]);
  clock.now += 10_000;
  expect(await start(approvals)).toMatchObject({ allowed: false });
  for (const { id } of approvals.pending("local")) approvals.respond("local", id, { allowed: false });
  expect(approvals.find("local", polled.id).status).toBe("denied");
});

test("a handler that comes late is told of what is pending, one that has left of nothing", async () => {
  const { approvals } = setUp();
  const early = listen(approvals);
  const asking = start(approvals);
  const late = listen(approvals);
  expect(late.told.map(({ status }) => status)).toEqual(["pending"]);
  early.leave();
  approvals.respond("local", firstOf(approvals).id, { allowed: false });
  await asking;
  expect(early.told).toHaveLength(1);
  expect(late.told).toHaveLength(2);
});

test("an asker that leaves withdraws its call, also one that has left before", async () => {
  const { approvals } = setUp();
  const { told } = listen(approvals);
  const client = new AbortController();
  const asking = start(approvals, { signal: client.signal });
  client.abort();
  expect(await asking).toMatchObject({ allowed: false });
  expect(await start(approvals, { signal: client.signal })).toMatchObject({ allowed: false });
  expect(told.map(({ status }) => status)).toEqual(["pending", "withdrawn", "pending", "withdrawn"]);
  expect(approvals.pending("local")).toEqual([]);
});

test("nobody sees or decides the calls of another principal", async () => {
  const { approvals } = setUp();
  listen(approvals);
  const stranger = listen(approvals, { principal: "other" });
  const asking = start(approvals);
  const { id } = firstOf(approvals);
  expect(approvals.pending("other")).toEqual([]);
  expect(() => approvals.find("other", id)).toThrow("not found");
  expect(() => approvals.respond("other", id, { allowed: true })).toThrow("not found");
  approvals.respond("local", id, { allowed: false });
  await asking;
  expect(stranger.told).toEqual([]);
});

test("neither resolved nor pending calls pile up", async () => {
  const { approvals, clock, resolved } = setUp();
  for (let count = 0; count < 150; count += 1) await start(approvals);
  const kept = resolved.filter(({ id }) => isKnown(approvals, id));
  expect(kept).toHaveLength(100);
  clock.now += 5 * 60_000 + 1;
  await start(approvals);
  expect(resolved.filter(({ id }) => isKnown(approvals, id))).toHaveLength(1);

  listen(approvals);
  const asking = Array.from({ length: 101 }, () => start(approvals));
  expect(await asking.at(-1)).toMatchObject({ allowed: false, message: expect.stringContaining("Too many") });
  for (const { id } of approvals.pending("local")) approvals.respond("local", id, { allowed: false });
  await Promise.all(asking);
});

function isKnown(approvals: Approvals, id: string): boolean {
  try {
    approvals.find("local", id);
    return true;
  } catch {
    return false;
  }
}
