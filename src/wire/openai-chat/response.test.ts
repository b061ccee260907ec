import { describe, expect, test } from "bun:test";

import fc from "fast-check";
import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import type { FinishEvent, ModelEvent } from "#core/events.ts";
import { collect, type ModelResponse } from "#core/response.ts";
import { noUsage } from "#core/usage.ts";
import { fetchOfJson } from "#wire/testing/byte-stream.ts";
import { aiSdkCompatibleWhole, type ChatClient, openaiWhole } from "#wire/testing/chat-clients.ts";
import { aiSdkChatReadingOf, chatReadingOf, type ReadChat } from "#wire/testing/chat-readings.ts";
import { anyTurn, eventsOf, type Turn } from "#wire/testing/event-sequences.ts";
import { goldenTurn } from "#wire/testing/golden-turn.ts";

import golden from "./fixtures/response.json";
import { encodeResponse } from "./response.ts";
import { chatCompletionSchema } from "./schema.ts";

const options = { requestId: "req_1", includeUsage: true, createdAt: 1_795_200_000_500 };

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

const text = (value: string, citations: readonly unknown[] = []) => ({ type: "text" as const, text: value, citations });
const call = (executedBy: "client" | "backend", inputJson = "{}") => ({
  type: "tool-call" as const,
  callId: "toolu_1",
  toolName: "lookup",
  inputJson,
  executedBy,
});

function messageOf(response: ModelResponse) {
  return encodeResponse(response, options).choices[0];
}

test("a turn with everything in it becomes the golden completion", async () => {
  expect(encodeResponse(await responseOf(goldenTurn), options)).toEqual(v.parse(chatCompletionSchema, golden));
});

test("any turn becomes what is documented, and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(anyTurn, async (turn) => {
      const completion = encodeResponse(await responseOf(eventsOf(turn)), options);
      expect(v.parse(chatCompletionSchema, completion)).toEqual(completion);
    }),
    { numRuns: 50 },
  );
});

describe("any turn reads as what was said", () => {
  test.each<[string, ChatClient, (turn: Turn) => ReadChat]>([
    ["by the OpenAI SDK", openaiWhole, chatReadingOf],
    ["by the AI SDK", aiSdkCompatibleWhole, aiSdkChatReadingOf],
  ])("%s", async (_title, client, readingOf) => {
    await fc.assert(
      fc.asyncProperty(anyTurn, async (turn) => {
        const completion = encodeResponse(await responseOf(eventsOf(turn)), options);
        expect(await client(fetchOfJson(completion))).toEqual(readingOf(turn));
      }),
      { numRuns: 20 },
    );
  });
});

describe("text", () => {
  test("runs on within a step and begins a new paragraph after a tool or with a new step", () => {
    const step = { type: "step-start" as const };
    expect(
      messageOf(ended({}, [step, text("a"), text("b"), call("backend"), text("c"), step, text("d")]))?.message.content,
    ).toBe("ab\n\nc\n\nd");
  });

  test("is null beside tool calls that come alone, and empty when there is nothing", () => {
    expect(messageOf(ended({ reason: "tool-calls" }, [call("client")]))?.message.content).toBeNull();
    expect(messageOf(ended({}))?.message.content).toBe("");
  });

  test("names the pages it cites, with the range they stand for", () => {
    const cited = text("cited", [{ url: "https://example.test/", title: null }, { type: "char_location" }]);
    expect(messageOf(ended({}, [text("Well, "), cited]))?.message.annotations).toEqual([
      {
        type: "url_citation",
        url_citation: { url: "https://example.test/", title: "https://example.test/", start_index: 6, end_index: 11 },
      },
    ]);
  });
});

describe("the finish reason", () => {
  const reasonOf = (response: ModelResponse) => messageOf(response)?.finish_reason;

  test.each([
    ["stop", "stop"],
    ["length", "length"],
    ["content-filter", "content_filter"],
  ] as const)("for %s is %s", (reason, expected) => {
    expect(reasonOf(ended({ reason }))).toBe(expected);
  });

  test("follows the calls that are shown, whatever the model called it", () => {
    expect(reasonOf(ended({ reason: "stop" }, [call("client")]))).toBe("tool_calls");
    expect(reasonOf(ended({ reason: "tool-calls" }, [call("backend")]))).toBe("stop");
  });

  test("of a refusal comes with a text that says so", () => {
    const refused = messageOf(ended({ reason: "content-filter" }));
    expect(refused?.message).toMatchObject({ content: null, refusal: "The model declined to answer this request." });
  });

  test("of a failed turn is an error, never a completion", () => {
    expect(() => messageOf(ended({ reason: "error", rawReason: "error_max_turns" }))).toThrow(
      new GatewayError("upstream", "The answer ended with an error (error_max_turns)."),
    );
  });
});

test("a call without input has arguments that parse", () => {
  const calls = messageOf(ended({}, [call("client", "")]))?.message.tool_calls;
  expect(calls?.[0]?.function.arguments).toBe("{}");
});
