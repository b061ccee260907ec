import { expect, test } from "bun:test";

import fc from "fast-check";

import { collect } from "#core/response.ts";
import { encodeResponse } from "#wire/anthropic-messages/response.ts";
import { anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";
import { faultIn, seenOf } from "#wire/testing/seen.ts";

import { decodeResponse } from "./response.ts";

test("a whole message of our own is read back as the turn it was", async () => {
  await fc.assert(
    fc.asyncProperty(anyTurn, async (turn) => {
      const events = eventsOf(turn);
      const response = await collect(
        (async function* () {
          yield events;
        })(),
      );
      const body: unknown = JSON.parse(JSON.stringify(encodeResponse(response)));
      const decoded = decodeResponse(body);
      expect(faultIn(decoded)).toBeUndefined();
      expect(seenOf(decoded)).toEqual(withReadableInputs(seenOf(events)));
    }),
    { numRuns: 40 },
  );
});

/** A message holds a call's input as the object it is, so `{ "a":1}` comes back as `{"a":1}`. */
function withReadableInputs(seen: ReturnType<typeof seenOf>) {
  const parts = seen.parts.map((part) => {
    if (part.type !== "tool-call" || part.inputJson === "") return part;
    const input: unknown = JSON.parse(part.inputJson);
    return { ...part, inputJson: JSON.stringify(input) };
  });
  return { ...seen, parts };
}

test.each([
  [{ id: "m", model: "x" }, "upstream"],
  ["<html>", "upstream"],
  [undefined, "upstream"],
  [{ type: "error", error: { type: "rate_limit_error", message: "Slow down" } }, "rate-limit"],
] as const)("%o is a failure", (body, kind) => {
  expect(decodeResponse(body)).toEqual([{ type: "error", error: expect.objectContaining({ kind }) }]);
});
