import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import type { ModelEvent } from "#core/events.ts";
import { collect } from "#core/response.ts";
import { encodeResponse } from "#wire/openai-chat/response.ts";
import { brokenBodyOf } from "#wire/testing/broken-body.ts";
import { aiSdkChatReadingOf } from "#wire/testing/chat-readings.ts";
import { anyTurn, eventsOf } from "#wire/testing/event-sequences.ts";
import { goldenTurn } from "#wire/testing/golden-turn.ts";
import { faultIn } from "#wire/testing/seen.ts";

import { decodeResponse, summaryOf } from "./response.ts";
import { chatRead } from "./testing/chat-read.ts";

const options = { requestId: "req_1", includeUsage: true, createdAt: 0 };

async function bodyOf(events: readonly ModelEvent[]) {
  const whole = collect(
    (async function* () {
      yield events;
    })(),
  );
  return encodeResponse(await whole, options);
}

describe("a whole completion", () => {
  test("with something else among its choices, or its calls, is all the rest of it", () => {
    const call = { id: "c", type: "function", function: { name: "n", arguments: "{}" } };
    const message = { role: "assistant", content: null, tool_calls: [null, call, 5] };
    const events = decodeResponse({ choices: [null, { index: 0, message, finish_reason: "tool_calls" }] });
    expect(events).toContainEqual({ type: "tool-input-start", id: "c", toolName: "n", executedBy: "client" });
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "tool-calls" });
  });

  test("of our own is read back as the turn it was", async () => {
    await fc.assert(
      fc.asyncProperty(anyTurn, async (turn) => {
        const body: unknown = JSON.parse(JSON.stringify(await bodyOf(eventsOf(turn))));
        const decoded = decodeResponse(body);
        expect(faultIn(decoded)).toBeUndefined();
        expect(chatRead(decoded)).toEqual(aiSdkChatReadingOf(turn));
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

  test("without a reason for its end is over", () => {
    const choices = [{ message: { role: "assistant", content: "a" } }];
    expect(decodeResponse({ id: "c", model: "m", choices }).at(-1)).toMatchObject({ type: "finish", reason: "stop" });
  });

  test.each([
    [{ id: "c", choices: [] }, "upstream"],
    [{ id: "c", object: "list", data: [] }, "upstream"],
    ["<html>", "upstream"],
    [undefined, "upstream"],
    [{ error: { code: "rate_limit_exceeded", message: "Slow down" } }, "rate-limit"],
    [{ choices: [{ message: {} }], error: { code: 503, message: "Overloaded" } }, "overloaded"],
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
