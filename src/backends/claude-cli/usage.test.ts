import { describe, expect, test } from "bun:test";

import type { ModelEvent } from "#core/events.ts";
import { noUsage } from "#core/usage.ts";

import { startDecoding } from "./decode-state.ts";
import { decodeLine } from "./decode.ts";
import { parseLine } from "./lines.ts";
import { mainLoopUsage } from "./usage.ts";

const stream = (event: unknown) => JSON.stringify({ type: "stream_event", event, parent_tool_use_id: null });
const modelUsage = (times: number) => ({
  m: { inputTokens: 10 * times, outputTokens: 20 * times, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
});

function play(lines: readonly string[]): readonly ModelEvent[] {
  let state = startDecoding();
  const events: ModelEvent[] = [];
  for (const line of lines) {
    const [next, produced] = decodeLine(state, parseLine(line), 0);
    state = next;
    events.push(...produced);
  }
  return events;
}

describe("the usage of a turn", () => {
  test("keeps the reasoning that the CLI's own sum leaves out", () => {
    const steps = { ...noUsage, inputTokens: 3, outputTokens: 9, reasoningTokens: 6 };
    const told = { ...noUsage, inputTokens: 3, outputTokens: 9 };
    expect(mainLoopUsage(steps, told)).toEqual(steps);
    expect(mainLoopUsage(steps, noUsage)).toEqual(steps);
  });

  test("leaves out what the CLI asked on its own after the answer's end, but not what that cost", () => {
    const usage = { input_tokens: 10, output_tokens: 20 };
    const asking = [
      stream({ type: "message_start", message: { id: "1", model: "m", usage } }),
      stream({ type: "content_block_start", index: 0, content_block: { type: "text", text: "cut" } }),
      stream({ type: "content_block_stop", index: 0 }),
      stream({ type: "message_delta", delta: { stop_reason: "max_tokens" }, usage }),
      stream({ type: "message_stop" }),
    ];
    const result = {
      type: "result",
      subtype: "error_during_execution",
      is_error: true,
      total_cost_usd: 0.5,
      modelUsage: modelUsage(2),
    };
    expect(play([...asking, JSON.stringify(result)]).at(-1)).toMatchObject({
      type: "finish",
      reason: "length",
      usage: { inputTokens: 10, outputTokens: 20 },
      costUsd: 0.5,
    });
  });
});
