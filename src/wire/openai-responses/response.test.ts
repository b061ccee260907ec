import { expect, test } from "bun:test";

import fc from "fast-check";
import * as v from "valibot";

import type { ModelEvent } from "#core/events.ts";
import { collect } from "#core/response.ts";
import { noUsage } from "#core/usage.ts";
import { anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";

import { decodeRequest } from "./request.ts";
import { encodeResponse } from "./response.ts";
import { responseSchema } from "./schema.ts";
import { createStreamEncoder } from "./stream.ts";

const request = decodeRequest({ model: "m", input: "hi", instructions: "Be short.", metadata: { a: "b" } });
const options = { requestId: "req_1", answerId: "resp_01", includeUsage: true, createdAt: 1_795_200_000_500, request };

async function encode(events: readonly ModelEvent[]) {
  async function* batches() {
    yield events;
  }
  return encodeResponse(await collect(batches()), options);
}

test("any turn is the same, whole, as what its stream ends with, and what is documented", async () => {
  await fc.assert(
    fc.asyncProperty(anyTurn, async (turn) => {
      const encoder = createStreamEncoder(options);
      for (const event of eventsOf(turn)) encoder.encode(event);
      const whole = await encode(eventsOf(turn));
      expect(encoder.result?.()).toEqual(whole);
      expect(v.parse(responseSchema, whole)).toEqual(whole);
    }),
    { numRuns: 40 },
  );
});

test("an answer repeats the settings of its request", async () => {
  expect(await encode([start, { type: "finish", reason: "stop", usage: noUsage, steps: 1 }])).toMatchObject({
    id: "resp_01",
    created_at: 1_795_200_000,
    instructions: "Be short.",
    metadata: { a: "b" },
    store: true,
    previous_response_id: null,
    tool_choice: "auto",
    text: { format: { type: "text" } },
  });
});

test("a turn that ended in an error is no answer", () => {
  expect(encode([start, { type: "finish", reason: "error", usage: noUsage, steps: 1 }])).rejects.toThrow("error");
});

const start: ModelEvent = { type: "start", responseId: "msg_1", model: "m", usage: noUsage };
