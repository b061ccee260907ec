import { expect, test } from "bun:test";

import { requestHeaders } from "./relayed-headers.ts";

test("what is for the upstream is passed on, whatever it is called; what is for us is not", () => {
  const headers = new Headers({ "x-api-key": "ours", "x-ccproxy-mode": "chat", connection: "close", "x-new": "1" });
  headers.set("__proto__", "2");
  headers.append("accept", "a/b");
  headers.append("accept", "c/d");
  const passed = { ...requestHeaders(headers) };
  expect(Object.entries(passed).toSorted(([one], [other]) => (one < other ? -1 : 1))).toEqual([
    ["__proto__", "2"],
    ["accept", "a/b, c/d"],
    ["accept-encoding", "identity"],
    ["x-new", "1"],
  ]);
});
