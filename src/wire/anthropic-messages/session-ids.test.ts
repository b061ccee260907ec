import { expect, test } from "bun:test";

import { decodeRequest } from "./request.ts";

test("a session's name is told from the session Claude Code packs into its user id", () => {
  const idsOf = (body: object) =>
    decodeRequest({ max_tokens: 5, messages: [{ role: "user", content: "hi" }], ...body }).sessionIds;
  expect(idsOf({ session_id: "mine" })).toEqual({ named: "mine" });
  const packed = JSON.stringify({ device_id: "d", account_uuid: "", session_id: "cda7e184-f659" });
  expect(idsOf({ metadata: { user_id: packed } })).toEqual({ hint: "cda7e184-f659" });
  expect(idsOf({ metadata: { user_id: "user_ab_account__session_cda7-e184" } })).toEqual({ hint: "cda7-e184" });
  expect(idsOf({ metadata: { user_id: "somebody" } })).toEqual({});
});
