import { expect, test } from "bun:test";

import { abortError, joinSignals } from "./run-signal.ts";

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
