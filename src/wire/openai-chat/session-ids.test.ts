import { expect, test } from "bun:test";

import { decodeRequest } from "./request.ts";

const decode = (body: object) => decodeRequest({ messages: [{ role: "user", content: "hi" }], ...body });

test("a session's name is told from the key of a cache, and neither is left out", () => {
  const { sessionIds, ignoredFields } = decode({ session_id: "mine", prompt_cache_key: "k" });
  expect({ sessionIds, ignoredFields }).toEqual({ sessionIds: { named: "mine", hint: "k" }, ignoredFields: [] });
  expect(() => decode({ session_id: 7 })).toThrow("session_id");
});
