import { expect, test } from "bun:test";

import { chooseSession } from "./session-id.ts";

test("a name counts before a hint, and the head before the body", () => {
  expect(chooseSession({ named: "a", hint: "h" }, { hint: "b" })).toEqual({ id: "a", named: true });
  expect(chooseSession({ named: "a" }, { named: "a" })).toEqual({ id: "a", named: true });
  expect(chooseSession({ hint: "h" }, { named: "b" })).toEqual({ id: "b", named: true });
  expect(chooseSession({ hint: "h" }, { hint: "i" })).toEqual({ id: "h", named: false });
  expect(chooseSession({}, { hint: "i" })).toEqual({ id: "i", named: false });
  expect(chooseSession(undefined, undefined)).toBeUndefined();
});

test("two names that differ are refused", () => {
  expect(() => chooseSession({ named: "a" }, { named: "b" })).toThrow("names another session");
});

test("an empty id is none", () => {
  expect(chooseSession({ named: "" }, { named: "", hint: "" })).toBeUndefined();
});

test("a name that cannot be one is refused, a hint of that kind is none", () => {
  for (const id of ["x".repeat(201), "a\nb", "a\u0000", "a\u2028b", "\ud800"]) {
    expect(() => chooseSession({ named: id }, {})).toThrow("cannot be the id of a session");
    expect(chooseSession({ hint: id }, {})).toBeUndefined();
  }
  for (const id of ["a b", "größe/🦀", "..", "x".repeat(200)])
    expect(chooseSession({ named: id }, {})).toEqual({ id, named: true });
});
