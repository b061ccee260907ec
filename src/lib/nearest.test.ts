import { expect, test } from "bun:test";

import { nearest, nearestFew } from "./nearest.ts";

test.each([
  ["prot", "port"],
  ["srve", "serve"],
  ["Serve", "serve"],
  ["conf", "config"],
  ["max-turn", "max-turns"],
  ["permision-mode", "permission-mode"],
])("%s most likely meant %s", (word, meant) => {
  expect(nearest(word, ["serve", "port", "config", "max-turns", "permission-mode"])).toBe(meant);
});

test("nothing is suggested for a word that is not like any", () => {
  expect(nearest("zebra", ["serve", "port"])).toBeUndefined();
  expect(nearest("x", [])).toBeUndefined();
});

test("the closest of several wins, the first of equals", () => {
  expect(nearest("hose", ["host", "house", "nose"])).toBe("host");
});

test("a few are given likeliest first, and each once", () => {
  expect(nearestFew("hose", ["houses", "nose", "zebra", "host", "nose"], 2)).toEqual(["nose", "host"]);
  expect(nearestFew("zebra", ["host"], 2)).toEqual([]);
});
