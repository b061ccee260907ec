import { expect, test } from "bun:test";

import { silence, withSilences } from "./with-silences.ts";

const never = new AbortController().signal;

async function* yielding<T>(...items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}

async function collectAll<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

test("a source that keeps talking is passed on as it is", async () => {
  const items = await collectAll(withSilences(yielding(1, 2, 3), { silenceMs: 1000, signal: never }));
  expect(items).toEqual([1, 2, 3]);
});

test("silence is said again and again, and loses nothing", async () => {
  const gate = Promise.withResolvers<void>();
  async function* source() {
    yield "before";
    await gate.promise;
    yield "after";
  }
  const items: unknown[] = [];
  for await (const item of withSilences(source(), { silenceMs: 1, signal: never })) {
    items.push(item);
    if (items.length === 4) gate.resolve();
  }
  expect(items.slice(0, 4)).toEqual(["before", silence, silence, silence]);
  expect(items.at(-1)).toBe("after");
});

test("the signal ends it while the source is stuck, and the source is told", async () => {
  const controller = new AbortController();
  let returned = false;
  const stuck: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      async return() {
        returned = true;
        return { done: true, value: undefined };
      },
    }),
  };
  const reading = collectAll(withSilences(stuck, { silenceMs: 60_000, signal: controller.signal }));
  controller.abort();
  expect(await reading).toEqual([]);
  expect(returned).toBe(true);
});

test("a signal that has fired already reads nothing", async () => {
  expect(await collectAll(withSilences(yielding(1), { silenceMs: 10, signal: AbortSignal.abort() }))).toEqual([]);
});

test("an error of the source comes through", async () => {
  async function* failing() {
    yield 1;
    throw new Error("broken");
  }
  expect(collectAll(withSilences(failing(), { silenceMs: 10, signal: never }))).rejects.toThrow("broken");
});

test("an error that comes after the reader left is nobody's", async () => {
  const late = Promise.withResolvers<IteratorResult<number>>();
  const source = { [Symbol.asyncIterator]: () => ({ next: () => late.promise }) };
  const controller = new AbortController();
  const reading = collectAll(withSilences(source, { silenceMs: 1000, signal: controller.signal }));
  controller.abort();
  await reading;
  late.reject(new Error("late"));
  await Bun.sleep(0);
});
