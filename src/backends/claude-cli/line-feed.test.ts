import { expect, test } from "bun:test";

import { LineFeed } from "./line-feed.ts";

const line = { type: "ignored" } as const;

test("all that waits is taken at once", async () => {
  const feed = new LineFeed();
  await feed.push([line]);
  await feed.push([line, line]);
  expect(await feed.take()).toHaveLength(3);
});

test("a taker waits for the next line", async () => {
  const feed = new LineFeed();
  const taken = feed.take();
  await feed.push([line]);
  expect(await taken).toEqual([line]);
});

test("a taker that waits only for so long gets nothing, and then what comes", async () => {
  const feed = new LineFeed();
  expect(await feed.take(1)).toEqual([]);
  const taken = feed.take(60_000);
  await feed.push([line]);
  expect(await taken).toEqual([line]);
  feed.close();
  expect(await feed.take(60_000)).toBeUndefined();
});

test("a closed feed gives what it holds, and then its end", async () => {
  const feed = new LineFeed();
  await feed.push([line]);
  feed.close();
  expect(await feed.take()).toEqual([line]);
  expect(await feed.take()).toBeUndefined();
  await feed.push([line]);
  expect(await feed.take()).toBeUndefined();
});

test("a reader that is far ahead waits until some is taken", async () => {
  const feed = new LineFeed();
  let pushed = 0;
  const reading = (async () => {
    for (; pushed < 1000; pushed += 1) await feed.push([line]);
  })();
  await Bun.sleep(0);
  expect(pushed).toBeLessThan(1000);
  let taken = 0;
  while (taken < 1000) taken += (await feed.take())?.length ?? 0;
  await reading;
  expect(pushed).toBe(1000);
});
