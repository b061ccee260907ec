import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { type Entry, OpenSessions } from "./open-sessions.ts";

const name = { principal: "p", id: "s" };
const forever = new AbortController().signal;
const entry = (changes: Partial<Entry> = {}): Entry => ({
  alone: true,
  interrupts: false,
  signal: forever,
  ...changes,
});
const create = (waitMs = 60_000, maxWaiting = 4) => new OpenSessions({ waitMs, maxWaiting });
const kindOf = (thrown: unknown) => (thrown instanceof GatewayError ? thrown.kind : thrown);

test("a second turn begins when the first is over, in order of arrival", async () => {
  const sessions = create();
  const order: number[] = [];
  const first = await sessions.enter(name, entry());
  const others = [2, 3].map(async (at) => {
    const place = await sessions.enter(name, entry());
    order.push(at);
    return place;
  });
  expect(sessions.counts(name)).toEqual({ running: 1, waiting: 2 });
  expect(order).toEqual([]);
  first.leave();
  first.leave();
  const second = await others[0];
  expect(order).toEqual([2]);
  second?.leave();
  (await others[1])?.leave();
  expect(order).toEqual([2, 3]);
  expect(sessions.counts(name)).toEqual({ running: 0, waiting: 0 });
});

test("equal ids of two callers are two sessions", async () => {
  const sessions = create();
  const places = await Promise.all([name, { ...name, principal: "q" }].map((own) => sessions.enter(own, entry())));
  expect(places).toHaveLength(2);
});

test("turns that need not be alone never wait, nor are they waited for", async () => {
  const sessions = create();
  await sessions.enter(name, entry({ alone: false }));
  await sessions.enter(name, entry());
  await sessions.enter(name, entry({ alone: false }));
  expect(sessions.counts(name)).toEqual({ running: 3, waiting: 0 });
});

test("who interrupts takes the place of the turn that runs, before all who wait", async () => {
  const sessions = create();
  const first = await sessions.enter(name, entry());
  const order: string[] = [];
  const waits = sessions.enter(name, entry()).then((place) => (order.push("waits"), place));
  const interrupts = sessions
    .enter(name, entry({ interrupts: true }))
    .then((place) => (order.push("interrupts"), place));
  expect(kindOf(first.signal.reason)).toBe("cancelled");
  expect(order).toEqual([]);
  first.leave();
  (await interrupts).leave();
  (await waits).leave();
  expect(order).toEqual(["interrupts", "waits"]);
});

test("who interrupts is not turned away where too many wait: the turn was stopped for it", async () => {
  const sessions = create(60_000, 1);
  const first = await sessions.enter(name, entry());
  const waits = sessions.enter(name, entry());
  const interrupts = sessions.enter(name, entry({ interrupts: true }));
  first.leave();
  (await interrupts).leave();
  (await waits).leave();
});

test("a wait ends with the client, with time, and where too many wait; the others keep their order", async () => {
  const sessions = create(20, 2);
  const first = await sessions.enter(name, entry());
  const client = new AbortController();
  const left = sessions.enter(name, entry({ signal: client.signal }));
  const late = sessions.enter(name, entry());
  const surplus = sessions.enter(name, entry());
  client.abort(new GatewayError("cancelled", "gone"));
  expect(
    (await Promise.allSettled([left, late, surplus])).map((end) => end.status === "rejected" && kindOf(end.reason)),
  ).toEqual(["cancelled", "conflict", "conflict"]);
  expect(sessions.counts(name)).toEqual({ running: 1, waiting: 0 });
  first.leave();
  (await sessions.enter(name, entry())).leave();
});

test("an interrupt from outside stops what runs, once, and nothing that comes after", async () => {
  const sessions = create();
  const first = await sessions.enter(name, entry());
  const reason = new GatewayError("cancelled", "stopped");
  expect([sessions.interrupt(name, reason), sessions.interrupt(name, reason)]).toEqual([1, 0]);
  expect(first.signal.reason).toBe(reason);
  const next = sessions.enter(name, entry());
  first.leave();
  expect((await next).signal.aborted).toBe(false);
  expect(sessions.interrupt({ ...name, principal: "q" }, reason)).toBe(0);
});

test("of two that interrupt, the later has its turn and the earlier is told so", async () => {
  const sessions = create();
  const first = await sessions.enter(name, entry());
  const waits = sessions.enter(name, entry());
  const earlier = sessions.enter(name, entry({ interrupts: true }));
  const later = sessions.enter(name, entry({ interrupts: true }));
  expect(kindOf(await earlier.catch((thrown: unknown) => thrown))).toBe("cancelled");
  first.leave();
  const place = await later;
  expect(sessions.counts(name)).toEqual({ running: 1, waiting: 1 });
  place.leave();
  (await waits).leave();
});

test("closing stops what runs and turns away what waits; what comes then is let in", async () => {
  const sessions = create();
  const first = await sessions.enter(name, entry());
  const waits = sessions.enter(name, entry());
  const reason = new GatewayError("cancelled", "deleted");
  sessions.close(name, reason);
  expect(await waits.catch((thrown: unknown) => thrown)).toBe(reason);
  expect(first.signal.reason).toBe(reason);
  const next = sessions.enter(name, entry());
  first.leave();
  (await next).leave();
});
