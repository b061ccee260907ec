import { expect, test } from "bun:test";

import { GatewayError } from "./errors.ts";
import type { ModelEvent } from "./events.ts";
import { collect } from "./response.ts";
import { noUsage } from "./usage.ts";

const start: ModelEvent = { type: "start", responseId: "msg_1", model: "m", usage: noUsage };
const finish: ModelEvent = { type: "finish", reason: "stop", usage: noUsage, steps: 1 };

async function* stream(...batches: ReadonlyArray<readonly ModelEvent[]>) {
  yield* batches;
}

test("blocks add up to parts, in order, with signature and citations kept", async () => {
  const response = await collect(
    stream(
      [start, { type: "step-start" }, { type: "reasoning-start", id: "0" }],
      [
        { type: "reasoning-delta", id: "0", text: "hm" },
        { type: "reasoning-delta", id: "0", text: "m" },
        { type: "reasoning-end", id: "0", signature: "sig" },
      ],
      [
        { type: "text-start", id: "1" },
        { type: "text-delta", id: "1", text: "a" },
        { type: "text-citation", id: "1", citation: { url: "u" } },
        { type: "text-delta", id: "1", text: "b" },
        { type: "text-end", id: "1" },
        { type: "tool-input-start", id: "t", toolName: "Read", executedBy: "client" },
        { type: "tool-input-delta", id: "t", delta: '{"p":' },
        { type: "tool-input-delta", id: "t", delta: "1}" },
        { type: "tool-input-end", id: "t" },
        { type: "tool-result", id: "t", content: "ok", isError: false },
        finish,
      ],
    ),
  );
  expect(response.content).toEqual([
    { type: "step-start" },
    { type: "reasoning", text: "hmm", signature: "sig" },
    { type: "text", text: "ab", citations: [{ url: "u" }] },
    { type: "tool-call", callId: "t", toolName: "Read", inputJson: '{"p":1}', executedBy: "client" },
    { type: "tool-result", callId: "t", content: "ok", isError: false },
  ]);
});

test("the stream's own error is thrown", () => {
  const error = new GatewayError("overloaded", "Too busy.");
  expect(collect(stream([start], [{ type: "error", error }]))).rejects.toBe(error);
});

test("a stream without a terminal is no answer", () => {
  expect(collect(stream([start, { type: "text-start", id: "0" }]))).rejects.toMatchObject({ kind: "upstream" });
});

test("what goes on and on is not held for ever", async () => {
  const delta: ModelEvent = { type: "text-delta", id: "0", text: "x".repeat(1024 * 1024) };
  const batches = Array.from({ length: 65 }, () => [delta]);
  expect(collect(stream([start, { type: "text-start", id: "0" }], ...batches, [finish]))).rejects.toMatchObject({
    kind: "answer-too-large",
  });
});
