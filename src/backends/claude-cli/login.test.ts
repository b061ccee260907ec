import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { createLogin } from "./login.ts";

const refused = new GatewayError("authentication", "No.");

test("a login is doubted once a turn shows that it is refused, and until one is answered", () => {
  const login = createLogin();
  expect(login.problem()).toBeUndefined();
  login.ended(refused);
  login.ended(new GatewayError("overloaded", "Busy."));
  expect(login.problem()).toMatchObject({ isRecent: true, explanation: expect.stringContaining("`claude /login`") });
  login.ended(undefined);
  expect(login.problem()).toBeUndefined();
});

test("after some minutes it is no longer believed, so that somebody asks again", () => {
  let now = 0;
  const login = createLogin(() => now);
  login.ended(refused);
  now = 5 * 60_000;
  expect(login.problem()?.isRecent).toBe(false);
  login.ended(refused);
  expect(login.problem()?.isRecent).toBe(true);
});

test("what the CLI says of itself counts as long as no answer shows better", () => {
  const login = createLogin();
  login.missing();
  expect(login.problem()?.isRecent).toBe(true);
  login.ended(undefined);
  login.missing();
  expect(login.problem()).toBeUndefined();
});
