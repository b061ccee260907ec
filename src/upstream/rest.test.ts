import { expect, test } from "bun:test";

import { createRest } from "./rest.ts";

function setUp() {
  const clock = { now: 0 };
  const rest = createRest(() => clock.now);
  const over = () => (clock.now += rest.leftMs());
  return { clock, rest, over };
}

const refused = { secret: "k", passes: false };

test("who is refused rests for half a minute, and each time twice as long, up to five", () => {
  const { rest, over } = setUp();
  const rests = Array.from({ length: 6 }, () => {
    rest.begin(refused);
    const ms = rest.leftMs();
    over();
    return ms / 1000;
  });
  expect(rests).toEqual([30, 60, 120, 240, 300, 300]);
  rest.end();
  rest.begin(refused);
  expect([rest.leftMs(), rest.secret, rest.isTold]).toEqual([30_000, "k", false]);
});

test("who has used up what it may rests as long as it is told, but no longer than an hour", () => {
  const { rest } = setUp();
  rest.begin({ secret: "k", passes: true, toldMs: 7000 });
  expect([rest.leftMs(), rest.isTold]).toEqual([7000, true]);
  rest.begin({ secret: "k", passes: true, toldMs: 3000 });
  expect(rest.leftMs()).toBe(7000);
  rest.begin({ secret: "k", passes: true, toldMs: 1e9 });
  expect(rest.leftMs()).toBe(3_600_000);
});

test("and shortly where nobody says how long", () => {
  const { rest } = setUp();
  rest.begin({ secret: "k", passes: true });
  expect([rest.leftMs(), rest.isTold]).toEqual([5000, false]);
});

test("many that are refused at once count once; another key is refused for itself", () => {
  const { rest, clock } = setUp();
  for (let time = 0; time < 20; time += 1) rest.begin(refused);
  expect(rest.leftMs()).toBe(30_000);
  clock.now += 10_000;
  rest.begin({ secret: "other", passes: false });
  expect([rest.leftMs(), rest.secret]).toEqual([60_000, "other"]);
});
