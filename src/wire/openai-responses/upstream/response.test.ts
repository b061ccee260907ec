import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import type { ModelEvent } from "#core/events.ts";
import { collect } from "#core/response.ts";
import { encodeResponse } from "#wire/openai-responses/response.ts";
import { brokenBodyOf } from "#wire/testing/broken-body.ts";
import { anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";
import { goldenTurn } from "#wire/testing/golden-turn.ts";
import { aiSdkResponseReadingOf } from "#wire/testing/responses-readings.ts";
import { faultIn } from "#wire/testing/seen.ts";

import { decodeResponse, summaryOf } from "./response.ts";
import { responseRead } from "./testing/response-read.ts";

const options = { requestId: "req_1", includeUsage: true, createdAt: 0 };

async function bodyOf(events: readonly ModelEvent[]) {
  const whole = collect(
    (async function* () {
      yield events;
    })(),
  );
  return encodeResponse(await whole, options);
}

describe("a whole response", () => {
  test("of our own is read back as the turn it was", async () => {
    await fc.assert(
      fc.asyncProperty(anyTurn, async (turn) => {
        const body: unknown = JSON.parse(JSON.stringify(await bodyOf(eventsOf(turn))));
        const decoded = decodeResponse(body);
        expect(faultIn(decoded)).toBeUndefined();
        expect(responseRead(decoded)).toEqual(aiSdkResponseReadingOf(turn));
      }),
      { numRuns: 50 },
    );
  });

  test("that is broken is some answer, or a failure", async () => {
    fc.assert(
      fc.property(brokenBodyOf(await bodyOf(goldenTurn)), (body) => {
        expect(faultIn(decodeResponse(body))).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  test("with something else among its items, or their parts, is all the rest of it", () => {
    const part = { type: "output_text", text: "hi", annotations: [] };
    const message = { type: "message", id: "msg_1", role: "assistant", content: [null, part, 5] };
    const call = { type: "function_call", call_id: "c", name: "n", arguments: "{}" };
    const events = decodeResponse({ object: "response", status: "completed", output: [null, message, "x", call] });
    expect(events.map(({ type }) => type).join(" ")).toBe(
      "start step-start text-start text-delta text-end tool-input-start tool-input-delta tool-input-end step-end finish",
    );
  });

  test("without a status is over", () => {
    const output = [{ type: "message", content: [{ type: "output_text", text: "a" }] }];
    expect(decodeResponse({ output }).at(-1)).toMatchObject({ type: "finish", reason: "stop" });
  });

  test.each([
    [{ object: "list", data: [] }, "upstream"],
    ["<html>", "upstream"],
    [undefined, "upstream"],
    [{ error: { code: "rate_limit_exceeded", message: "Slow down" } }, "rate-limit"],
    [{ object: "response", status: "failed", error: { code: "server_error", message: "no" } }, "upstream"],
    [{ object: "response", error: { code: "rate_limit_exceeded", message: "no" }, output: [] }, "rate-limit"],
    [{ object: "response", status: "cancelled", output: [] }, "upstream"],
  ] as const)("is not %j, but a failure", (body, kind) => {
    expect(decodeResponse(body)).toEqual([{ type: "error", error: expect.objectContaining({ kind }) }]);
  });
});

describe("a summary", () => {
  test("tells the model, the tokens and the end of an answer, and not its words", async () => {
    const summary = summaryOf(await bodyOf(goldenTurn));
    expect(summary.map(({ type }) => type)).toEqual(["start", "step-start", "step-end", "finish"]);
    expect(summary[0]).toMatchObject({ model: "claude-sonnet-5-5" });
    expect(summary.at(-1)).toMatchObject({ reason: "tool-calls", usage: { inputTokens: 120, outputTokens: 30 } });
  });

  test("says nothing of what is no answer", () => {
    expect(summaryOf({ object: "list", data: [] })).toEqual([]);
  });
});
