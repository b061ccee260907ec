import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { createAccessGuard } from "./access-guard.ts";

const guard = createAccessGuard("s3cret-tökén");

function admits(headers: Record<string, string>): boolean {
  try {
    guard.admit(new Headers(headers));
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    return false;
  }
}

test("accepts the token as Bearer, in any case, or as x-api-key, and names the caller after it, not by it", () => {
  const ascii = createAccessGuard("abc");
  const caller = ascii.admit(new Headers({ authorization: "Bearer abc" }));
  expect(caller).toMatch(/^token-[0-9a-f]{16}$/);
  expect(ascii.admit(new Headers({ authorization: "bearer   abc" }))).toBe(caller);
  expect(ascii.admit(new Headers({ "x-api-key": "abc" }))).toBe(caller);
  expect(ascii.admit(new Headers({ authorization: "Bearer dummy", "x-api-key": "abc" }))).toBe(caller);
  expect(createAccessGuard("abd").admit(new Headers({ "x-api-key": "abd" }))).not.toBe(caller);
  expect(createAccessGuard(undefined).admit(new Headers())).toBe("local");
});

test.each([
  [{}],
  [{ authorization: "" }],
  [{ authorization: "Bearer" }],
  [{ authorization: "Bearer " }],
  [{ authorization: "Basic s3cret" }],
  [{ authorization: "Bearer s3cret" }],
  [{ "x-api-key": "" }],
  [{ "x-api-key": "s3cret-token-and-more" }],
])("refuses %j", (headers) => {
  expect(admits(headers)).toBe(false);
});

test("without a token everyone is admitted, with any key", () => {
  expect(createAccessGuard(undefined).admit(new Headers({ authorization: "Bearer sk-anything" }))).toBe("local");
});
