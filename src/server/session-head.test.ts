import { expect, test } from "bun:test";

import { saidToUs } from "./request-headers.ts";
import { sessionIdsOf } from "./session-head.ts";

const idsOf = (said: Record<string, string>, inAddress?: string) => {
  const headers = new Headers(said);
  return sessionIdsOf(headers, saidToUs(headers), inAddress);
};

test("the address or a header names a session, ours before the other; two that differ are refused", () => {
  const headers = { "X-CC-Session": "b", "X-CCProxy-Session": " a " };
  expect(idsOf({}, "c")).toEqual({ named: "c" });
  expect(idsOf(headers, "a")).toEqual({ named: "a" });
  expect(() => idsOf(headers, "c")).toThrow("The address names another session");
  expect(idsOf(headers)).toEqual({ named: "a" });
  expect(idsOf({ "x-cc-session": "b", "x-ccproxy-session": "" })).toEqual({ named: "b" });
  expect(idsOf({})).toEqual({});
});

test.each(["x-claude-code-session-id", "x-opencode-session", "x-session-affinity", "session-id", "conversation_id"])(
  "%s is a hint, whatever else is sent",
  (header) => {
    expect(idsOf({ [header]: "h" })).toEqual({ hint: "h" });
    expect(idsOf({ [header]: "h", "x-cc-session": "s" })).toEqual({ named: "s", hint: "h" });
  },
);

test("an id is read as our answers write it", () => {
  expect(idsOf({ "x-ccproxy-session": "gr%C3%B6%C3%9Fe" })).toEqual({ named: "größe" });
  expect(idsOf({ "x-ccproxy-session": "100%" })).toEqual({ named: "100%" });
});
