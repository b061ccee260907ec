import { expect, test } from "bun:test";

import { GatewayError } from "./errors.ts";
import { abortError, joinSignals, orAborted, startDeadline } from "./run-signal.ts";

test("the first source that fires gives the reason", () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const { signal, release } = joinSignals([first.signal, second.signal]);
  second.abort("second");
  first.abort("first");
  expect(signal.reason).toBe("second");
  expect(abortError(signal)).toMatchObject({ kind: "cancelled", cause: "second" });
  release();
});

test("a source that has fired already counts", () => {
  expect(joinSignals([AbortSignal.abort("before")]).signal.reason).toBe("before");
});

test("what is released does not fire any more", () => {
  const source = new AbortController();
  const { signal, release } = joinSignals([source.signal]);
  release();
  source.abort();
  expect(signal.aborted).toBe(false);
});

test("who waits no more is let go at once, and work that fails behind them ends nothing", async () => {
  const gone = AbortSignal.abort("gone");
  const failing = () => Promise.reject(new Error("Too late."));
  await expect(orAborted(failing(), gone)).rejects.toMatchObject({ kind: "cancelled", cause: "gone" });
  await expect(orAborted(Promise.resolve(1), gone)).rejects.toMatchObject({ kind: "cancelled" });
  expect(await orAborted(Promise.resolve(1), new AbortController().signal)).toBe(1);
});

test("a deadline fires for its reason, and one that is released does not", async () => {
  const reason = new GatewayError("timeout", "Too late.");
  const released = startDeadline(1, reason);
  released.release();
  const { signal } = startDeadline(2, reason);
  await expect(orAborted(new Promise(() => undefined), signal)).rejects.toBe(reason);
  expect(released.signal.aborted).toBe(false);
});
