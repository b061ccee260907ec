import { describe, expect, test } from "bun:test";

import fc from "fast-check";
import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import type { FinishEvent, ModelEvent } from "#core/events.ts";
import { collect, type ModelResponse } from "#core/response.ts";
import { noUsage } from "#core/usage.ts";
import { fetchOfJson } from "#wire/testing/byte-stream.ts";
import { anyTurn, eventsOf, type Turn } from "#wire/testing/event-sequences.ts";
import { goldenTurn } from "#wire/testing/golden-turn.ts";
import {
  aiSdkAnthropicWhole,
  aiSdkReadingOf,
  anthropicWhole,
  messageReadingOf,
  type MessagesClient,
  type ReadMessage,
} from "#wire/testing/messages-clients.ts";

import golden from "./fixtures/response.json";
import { encodeResponse } from "./response.ts";
import { messageSchema } from "./schema.ts";

async function responseOf(events: readonly ModelEvent[]): Promise<ModelResponse> {
  async function* batches() {
    yield events;
  }
  return collect(batches());
}

function ended(finish: Partial<FinishEvent>, content: ModelResponse["content"] = []): ModelResponse {
  const whole: FinishEvent = { type: "finish", reason: "stop", usage: noUsage, steps: 1, ...finish };
  return { responseId: "msg_1", model: "m", content, finish: whole };
}

const call = (executedBy: "client" | "backend", inputJson = "{}") => ({
  type: "tool-call" as const,
  callId: "toolu_1",
  toolName: "lookup",
  inputJson,
  executedBy,
});

test("a turn with everything in it becomes the golden message", async () => {
  expect(encodeResponse(await responseOf(goldenTurn))).toEqual(v.parse(messageSchema, golden));
});

test("any turn becomes what is documented, and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(anyTurn, async (turn) => {
      const message = encodeResponse(await responseOf(eventsOf(turn)));
      expect(v.parse(messageSchema, message)).toEqual(message);
    }),
    { numRuns: 50 },
  );
});

describe("any turn reads as what was said", () => {
  test.each<[string, MessagesClient, (turn: Turn) => ReadMessage]>([
    ["by the Anthropic SDK", anthropicWhole, messageReadingOf],
    ["by the AI SDK", aiSdkAnthropicWhole, aiSdkReadingOf],
  ])("%s", async (_title, client, readingOf) => {
    await fc.assert(
      fc.asyncProperty(anyTurn, async (turn) => {
        const message = encodeResponse(await responseOf(eventsOf(turn)));
        expect(await client(fetchOfJson(message))).toEqual(readingOf(turn));
      }),
      { numRuns: 20 },
    );
  });
});

describe("content", () => {
  test("has no empty texts: sent back in a history, they would be refused", () => {
    const empty = { type: "text" as const, text: "", citations: [] };
    expect(encodeResponse(ended({}, [empty])).content).toEqual([]);
  });

  test("keeps citations as they came", () => {
    const citations = [{ type: "char_location", cited_text: "x" }];
    const { content } = encodeResponse(ended({}, [{ type: "text", text: "x", citations }]));
    expect(content).toEqual([{ type: "text", text: "x", citations }]);
  });

  test.each(['{"q":', "[1]"])("gives a call cut off by the limit at %s an empty input", (inputJson) => {
    const cut = ended({ reason: "length" }, [call("client", inputJson)]);
    expect(encodeResponse(cut).content).toMatchObject([{ input: {} }]);
  });
});

describe("the stop reason", () => {
  test.each<[string, Partial<FinishEvent>, string]>([
    ["a finished answer", { reason: "stop" }, "end_turn"],
    ["a pause", { reason: "stop", rawReason: "pause_turn" }, "pause_turn"],
    ["the token limit", { reason: "length" }, "max_tokens"],
    [
      "a full window",
      { reason: "length", rawReason: "model_context_window_exceeded" },
      "model_context_window_exceeded",
    ],
    ["filtered content", { reason: "content-filter" }, "refusal"],
  ])("for %s is its own", (_title, finish, expected) => {
    expect(encodeResponse(ended(finish))).toMatchObject({ stop_reason: expected });
  });

  test("names the sequence that stopped the model", () => {
    const message = encodeResponse(ended({ rawReason: "stop_sequence", stopSequence: "END" }));
    expect(message).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
  });

  test("follows the calls that are shown, whatever the model called it", () => {
    expect(encodeResponse(ended({ reason: "stop" }, [call("client")])).stop_reason).toBe("tool_use");
    expect(encodeResponse(ended({ reason: "tool-calls" }, [call("backend")])).stop_reason).toBe("end_turn");
  });

  test("of a refusal comes with its details", () => {
    const details = { type: "refusal", category: null, explanation: null };
    expect(encodeResponse(ended({ reason: "content-filter" }))).toMatchObject({ stop_details: details });
  });

  test("of a failed turn is an error, never a message", () => {
    expect(() => encodeResponse(ended({ reason: "error", rawReason: "error_max_turns" }))).toThrow(
      new GatewayError("upstream", "The answer ended with an error (error_max_turns)."),
    );
  });
});

test("usage counts cached input apart and splits what was written by its time to live", () => {
  const usage = {
    inputTokens: 100,
    outputTokens: 9,
    cacheReadInputTokens: 60,
    cacheWriteInputTokens: 30,
    cacheWrite1hInputTokens: 10,
    reasoningTokens: 4,
  };
  expect(encodeResponse(ended({ usage })).usage).toMatchObject({
    input_tokens: 10,
    cache_read_input_tokens: 60,
    cache_creation_input_tokens: 30,
    cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 10 },
    output_tokens: 9,
    output_tokens_details: { thinking_tokens: 4 },
  });
});
