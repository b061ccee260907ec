import type { ModelEvent } from "#core/events.ts";
import type { Usage } from "#core/usage.ts";

const usage: Usage = {
  inputTokens: 120,
  outputTokens: 30,
  cacheReadInputTokens: 80,
  cacheWriteInputTokens: 20,
  cacheWrite1hInputTokens: 5,
  reasoningTokens: 8,
};

/** One turn with everything in it: thinking, an agent step with a tool of its own, two calls for the client, cached tokens. */
export const goldenTurn: readonly ModelEvent[] = [
  {
    type: "start",
    responseId: "msg_01",
    model: "claude-sonnet-5-5",
    usage: { ...usage, outputTokens: 1, reasoningTokens: 0 },
  },
  { type: "step-start" },
  { type: "reasoning-start", id: "0" },
  { type: "reasoning-delta", id: "0", text: "Let me " },
  { type: "reasoning-delta", id: "0", text: "think." },
  { type: "reasoning-end", id: "0", signature: "EqQB" },
  { type: "text-start", id: "1" },
  { type: "text-delta", id: "1", text: "Reading the file." },
  { type: "text-end", id: "1" },
  { type: "tool-input-start", id: "toolu_00", toolName: "Read", executedBy: "backend" },
  { type: "tool-input-delta", id: "toolu_00", delta: '{"file_path":"/tmp/a"}' },
  { type: "tool-input-end", id: "toolu_00" },
  { type: "tool-result", id: "toolu_00", content: "text of the file", isError: false },
  { type: "step-end", usage },
  { type: "step-start" },
  { type: "reasoning-start", id: "2", redactedData: "EmwK" },
  { type: "reasoning-end", id: "2" },
  { type: "text-start", id: "3" },
  { type: "text-delta", id: "3", text: "Looking " },
  { type: "text-delta", id: "3", text: "it up: «日本» 😀" },
  { type: "text-end", id: "3" },
  { type: "tool-input-start", id: "toolu_01", toolName: "lookup", executedBy: "client" },
  { type: "tool-input-delta", id: "toolu_01", delta: '{"q":' },
  { type: "tool-input-delta", id: "toolu_01", delta: '"a"}' },
  { type: "tool-input-end", id: "toolu_01" },
  { type: "tool-input-start", id: "toolu_02", toolName: "now", executedBy: "client" },
  { type: "tool-input-end", id: "toolu_02" },
  { type: "step-end", usage },
  { type: "finish", reason: "tool-calls", rawReason: "tool_use", usage, costUsd: 0.01, steps: 2 },
];
