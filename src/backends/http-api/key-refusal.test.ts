import { expect, test } from "bun:test";

import { refusesKey } from "./key-refusal.ts";

test("a refused key is known by its place in the answer, not by words of the request", () => {
  const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }];
  expect(refusesKey(JSON.stringify([{ error: { code: 400, message: "No.", details } }], null, 2))).toBe(true);
  expect(refusesKey('{"error": {"message": "API key not valid. Please pass a valid API key."}}')).toBe(true);
  const quoted = 'Unknown field {"reason": "API_KEY_INVALID"}';
  expect(refusesKey(JSON.stringify({ error: { message: quoted } }))).toBe(false);
});
