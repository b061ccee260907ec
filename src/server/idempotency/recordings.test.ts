import { expect, test } from "bun:test";

import { createRecordings, type RecordingsOptions } from "./recordings.ts";

const options: RecordingsOptions = { windowMs: 60_000, lingerMs: 60_000, maxAnswers: 3, maxBytes: 400 };

function setUp(more: Partial<RecordingsOptions> = {}) {
  const recordings = createRecordings({ ...options, ...more });
  const lookUp = (name: string, fingerprint = "same") => recordings.lookUp({ name, fingerprint });
  /** The answer to a new name, of so many bytes. */
  const answer = async (name: string, bytes = 1, isKept = true) => {
    const { recording, settle } = lookUp(name);
    await recording.add(new Uint8Array(bytes));
    recording.end({ finishReason: "stop", failure: undefined });
    settle?.(isKept);
    return settle !== undefined;
  };
  /** Whether the name has an answer still; asking makes none. */
  const isKnown = (name: string) => {
    const { settle } = lookUp(name);
    settle?.(false);
    return settle === undefined;
  };
  return { recordings, lookUp, answer, isKnown };
}

const text = async (chunks: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(chunks)).toString();

test("a name that comes again gets the answer of the first, while it is made and afterwards", async () => {
  const { lookUp } = setUp();
  const { recording, settle } = lookUp("a");
  const early = lookUp("a");
  expect(early.settle).toBeUndefined();
  const reading = text(early.recording.join().read());
  await recording.add(Buffer.from("one "));
  await recording.add(Buffer.from("two"));
  recording.end({ finishReason: "stop", failure: undefined });
  settle?.(true);
  expect(await reading).toBe("one two");
  expect(await text(lookUp("a").recording.join().read())).toBe("one two");
  expect(lookUp("b").settle).toBeDefined();
});

test("the same name for another request is refused", async () => {
  const { lookUp, answer } = setUp();
  await answer("a");
  expect(() => lookUp("a", "other")).toThrow(expect.objectContaining({ kind: "idempotency-mismatch" }));
});

test("an answer that is not worth keeping is made anew", async () => {
  const { answer } = setUp();
  expect(await answer("a", 1, false)).toBe(true);
  expect(await answer("a")).toBe(true);
  expect(await answer("a")).toBe(false);
});

test("an answer is forgotten after its time", async () => {
  const { answer, isKnown } = setUp({ windowMs: 5 });
  await answer("a");
  expect(isKnown("a")).toBe(true);
  while (isKnown("a")) await Bun.sleep(1);
});

test("of too many the oldest are forgotten, those that are still being made last", async () => {
  const { lookUp, answer, isKnown } = setUp();
  lookUp("running");
  for (const name of ["a", "b", "c"]) await answer(name);
  expect(["running", "a", "b", "c"].filter(isKnown)).toEqual(["running", "c"]);
});

test("of too much the oldest are forgotten", async () => {
  const { answer, isKnown } = setUp({ maxAnswers: 100 });
  for (const name of ["a", "b", "c", "d", "e"]) await answer(name, 90);
  expect(["a", "b", "c", "d", "e"].filter(isKnown)).toEqual(["b", "c", "d", "e"]);
});

test("what is too long alone is not kept, and not made a second time either", async () => {
  const { answer, lookUp } = setUp({ windowMs: 20 });
  await answer("long", 101);
  expect(() => lookUp("long")).toThrow("too long to be given again");
  await Bun.sleep(30);
  expect(lookUp("long").settle).toBeDefined();
});

test("what runs is never forgotten: where there is no room for more, more is refused", () => {
  const { lookUp } = setUp();
  for (const name of ["a", "b", "c"]) lookUp(name);
  expect(() => lookUp("d")).toThrow("Too many requests with an Idempotency-Key");
  expect(lookUp("a").settle).toBeUndefined();
});

test("an answer that is too long to keep still reaches who reads it, in bounded memory", async () => {
  const { lookUp } = setUp();
  const { recording } = lookUp("long");
  const seats = [recording.join(), recording.join()];
  const chunk = Buffer.from("0123456789".repeat(5));
  let made = 0;
  const making = (async () => {
    for (; made < 100; made += 1) await recording.add(chunk);
    recording.end({ finishReason: "stop", failure: undefined });
  })();
  await Bun.sleep(5);
  // Two chunks are allowed for, the third waits for a reader.
  expect(made).toBeLessThan(5);
  expect(() => lookUp("long")).toThrow("too long");
  const [one, two] = await Promise.all(seats.map((seat) => text(seat.read())));
  await making;
  expect(one).toBe(chunk.toString().repeat(100));
  expect(two).toBe(one);
  expect(recording.bytes).toBe(0);
});

test("a reader that leaves holds nothing up", async () => {
  const { lookUp } = setUp();
  const { recording } = lookUp("long");
  const [stays, goes] = [recording.join(), recording.join()];
  const making = (async () => {
    for (let made = 0; made < 20; made += 1) await recording.add(new Uint8Array(50));
    recording.end({ finishReason: "stop", failure: undefined });
  })();
  const reading = text(stays.read());
  await Bun.sleep(2);
  goes.leave();
  await making;
  expect(await reading).toHaveLength(1000);
});

test("an answer nobody waits for is given up after a while, and not if somebody comes back", async () => {
  const { lookUp } = setUp({ lingerMs: 10 });
  const { recording } = lookUp("a");
  const abandoned = Promise.withResolvers<string>();
  recording.onAbandoned = () => abandoned.resolve("abandoned");
  recording.join().leave();
  const back = lookUp("a").recording.join();
  expect(await Promise.race([abandoned.promise, Bun.sleep(30).then(() => "goes on")])).toBe("goes on");
  back.leave();
  expect(await abandoned.promise).toBe("abandoned");
});

test("when nobody can come back, it is given up at once", async () => {
  const { recordings, lookUp } = setUp();
  const { recording } = lookUp("a");
  const abandoned = Promise.withResolvers<void>();
  recording.onAbandoned = abandoned.resolve;
  recording.join().leave();
  recordings.close();
  await abandoned.promise;
});
