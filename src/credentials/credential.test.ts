import { expect, test } from "bun:test";

import { createCredential } from "./credential.ts";

function setUp(keep: boolean) {
  const state = { secret: "one", reads: 0, now: 0 };
  const credential = createCredential({
    label: "x",
    keep,
    now: () => state.now,
    async read() {
      state.reads += 1;
      await Bun.sleep(1);
      return state.secret;
    },
  });
  return { state, credential };
}

test("one that is dear to read is read once", async () => {
  const { state, credential } = setUp(true);
  expect(await Promise.all([credential.get(), credential.get()])).toEqual(["one", "one"]);
  expect(await credential.get()).toBe("one");
  expect(state.reads).toBe(1);
});

test("one that is cheap to read is always as its owner keeps it", async () => {
  const { state, credential } = setUp(false);
  expect(await credential.get()).toBe("one");
  state.secret = "two";
  expect(await credential.get()).toBe("two");
});

test("twenty who are refused at once have it read once more, and all get the new one", async () => {
  const { state, credential } = setUp(true);
  await credential.get();
  state.now += 60_000;
  state.secret = "two";
  const renewed = await Promise.all(Array.from({ length: 20 }, () => credential.renew("one")));
  expect(new Set(renewed)).toEqual(new Set(["two"]));
  expect(state.reads).toBe(2);
  expect(await credential.renew("one")).toBe("two");
  expect(state.reads).toBe(2);
});

test("one that is still refused is not read again and again", async () => {
  const { state, credential } = setUp(true);
  await credential.get();
  state.now += 60_000;
  expect(await credential.renew("one")).toBeUndefined();
  expect(await credential.renew("one")).toBeUndefined();
  expect(state.reads).toBe(2);
});
