import { afterEach, beforeEach, expect, jest, test } from "bun:test";

import fc from "fast-check";

import { type EndReason, LiveTable } from "./live-table.ts";

const ttlMs = 1000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

interface Session {
  readonly name: number;
  usable: boolean;
}

/** A table, and all that was ever put into it with what became of each. */
function open({ maxSessions = 100, hasRoom = (): boolean => true } = {}) {
  const ends: [number, EndReason | "taken"][] = [];
  const table = new LiveTable<{ readonly session: Session }>({
    maxSessions,
    ttlMs,
    hasRoom,
    discard: ({ name }, why) => ends.push([name, why]),
  });
  const sessions: Session[] = [];
  return {
    table,
    ends,
    sessions,
    put(...keys: readonly string[]) {
      const session = { name: sessions.length, usable: true };
      sessions.push(session);
      table.put(keys, { session });
    },
    take(key: string) {
      const taken = table.take(key)?.session;
      if (taken !== undefined) ends.push([taken.name, "taken"]);
      return taken;
    },
  };
}

test("one that is taken is out, by all of its keys, and is not ended by its time", () => {
  const { table, ends, put, take } = open();
  put("a", "b");
  expect(take("b")?.name).toBe(0);
  expect(take("a")).toBeUndefined();
  jest.advanceTimersByTime(2 * ttlMs);
  expect([table.size, ends]).toEqual([0, [[0, "taken"]]]);
});

test("whatever ends one says why", () => {
  let room = true;
  const { table, ends, sessions, put, take } = open({ maxSessions: 2, hasRoom: () => room });
  put("aged");
  jest.advanceTimersByTime(ttlMs);
  put("one");
  put("two");
  put("three");
  room = false;
  put("four");
  room = true;
  put("four");
  put("dead");
  for (const session of sessions) session.usable = false;
  expect(take("dead")).toBeUndefined();
  table.end("four");
  expect(ends).toEqual([
    [0, "age"],
    [1, "number"],
    [2, "memory"],
    [4, "over"],
    [3, "number"],
    [6, "over"],
    [5, "over"],
  ]);
});

test("in any order of what happens each entry ends exactly once, and no more are kept than may be", () => {
  const key = fc.constantFrom("a", "b", "c", "d");
  const step = fc.oneof(
    fc.record({ what: fc.constant("put" as const), keys: fc.uniqueArray(key, { minLength: 1, maxLength: 3 }) }),
    fc.record({ what: fc.constant("take" as const), key }),
    fc.record({ what: fc.constant("end" as const), key }),
    fc.record({ what: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: ttlMs }) }),
    fc.record({ what: fc.constant("room" as const), room: fc.boolean() }),
    fc.record({ what: fc.constant("die" as const), at: fc.nat(20) }),
    fc.record({ what: fc.constant("clear" as const) }),
    fc.record({ what: fc.constant("endWhere" as const), odd: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 3 }), (steps, maxSessions) => {
      let room = true;
      const { table, ends, sessions, put, take } = open({ maxSessions, hasRoom: () => room });
      for (const one of steps) {
        if (one.what === "put") put(...one.keys);
        else if (one.what === "take") take(one.key);
        else if (one.what === "end") table.end(one.key);
        else if (one.what === "wait") jest.advanceTimersByTime(one.ms);
        else if (one.what === "room") ({ room } = one);
        else if (one.what === "clear") table.clear();
        else if (one.what === "endWhere") table.endWhere(({ session }) => session.name % 2 === Number(one.odd));
        else for (const session of sessions) if (session.name === one.at) session.usable = false;
        expect(table.size).toBeLessThanOrEqual(maxSessions);
        expect(table.size + ends.length).toBe(sessions.length);
      }
      jest.advanceTimersByTime(ttlMs);
      expect(table.size).toBe(0);
      expect(ends.map(([name]) => name).toSorted((a, b) => a - b)).toEqual(sessions.map(({ name }) => name));
      for (const name of ["a", "b", "c", "d"]) expect(table.take(name)).toBeUndefined();
    }),
  );
});
