import { expect, test } from "bun:test";

import { abortError, joinSignals } from "./run-signal.ts";

test("the first source that fires gives the reason", () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const { signal, release } = joinSignals([first.signal, second.signal], 0);
  second.abort("second");
  first.abort("first");
  expect(signal.reason).toBe("second");
  expect(abortError(signal)).toMatchObject({ kind: "cancelled", cause: "second" });
  release();
});

test("a source that has fired already counts", () => {
  expect(joinSignals([AbortSignal.abort("before")], 0).signal.reason).toBe("before");
});

test("the deadline is a timeout", async () => {
  const { signal } = joinSignals([], 1);
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve);
  });
  expect(abortError(signal).kind).toBe("timeout");
});

test("what is released does not fire any more", async () => {
  const source = new AbortController();
  const { signal, release } = joinSignals([source.signal], 1);
  release();
  source.abort();
  await Bun.sleep(5);
  expect(signal.aborted).toBe(false);
});
