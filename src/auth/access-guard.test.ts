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

test("accepts the token as Bearer, in any case, or as x-api-key", () => {
  const ascii = createAccessGuard("abc");
  expect(ascii.admit(new Headers({ authorization: "Bearer abc" }))).toBe("local");
  expect(ascii.admit(new Headers({ authorization: "bearer   abc" }))).toBe("local");
  expect(ascii.admit(new Headers({ "x-api-key": "abc" }))).toBe("local");
  expect(ascii.admit(new Headers({ authorization: "Bearer dummy", "x-api-key": "abc" }))).toBe("local");
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
