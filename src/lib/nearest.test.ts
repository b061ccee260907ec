import { expect, test } from "bun:test";

import { nearest } from "./nearest.ts";

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
