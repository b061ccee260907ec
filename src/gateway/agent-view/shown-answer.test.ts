import { expect, test } from "bun:test";

import type { Message } from "#core/request.ts";
import { anthropicMessages } from "#wire/anthropic-messages/index.ts";

import { createShownAnswer } from "./shown-answer.ts";

// That every way of showing an answer is known again by what clients send back: test/e2e/agent-view-sdk.

const question = { role: "user" as const, content: "hi" };
const user: Message = { role: "user", content: [{ type: "text", text: "hi" }] };

test("what forward showed goes back to the model in its true roles", () => {
  const { messages } = anthropicMessages.decodeRequest({
    max_tokens: 9,
    messages: [
      question,
      {
        role: "assistant",
        content: [
          { type: "system_message", subtype: "init", source: "claude_agent_sdk" },
          { type: "text", text: "Let me see." },
          { type: "tool_use_sdk", id: "t1", name: "Read", input: { file_path: "a" }, source: "claude_agent_sdk" },
          { type: "tool_use_sdk", id: "t2", name: "Read", input: {}, source: "claude_agent_sdk" },
          { type: "tool_result_sdk", tool_use_id: "t1", content: "one", is_error: false, source: "claude_agent_sdk" },
          { type: "tool_result_sdk", tool_use_id: "t2", content: [{ type: "text", text: "no" }], is_error: true },
          { type: "text", text: "Done." },
          { type: "result_message", session_id: "s", source: "claude_agent_sdk" },
        ],
      },
      question,
    ],
  });
  expect(messages).toEqual([
    user,
    {
      role: "assistant",
      content: [
        { type: "text", text: "Let me see." },
        { type: "tool-call", callId: "t1", toolName: "Read", input: { file_path: "a" } },
        { type: "tool-call", callId: "t2", toolName: "Read", input: {} },
      ],
    },
    {
      role: "user",
      content: [
        { type: "tool-result", callId: "t1", content: [{ type: "text", text: "one" }], isError: false },
        { type: "tool-result", callId: "t2", content: [{ type: "text", text: "no" }], isError: true },
      ],
    },
    { role: "assistant", content: [{ type: "text", text: "Done." }] },
    user,
  ]);
});

test("an endless answer is not kept", () => {
  const shown = createShownAnswer();
  for (let i = 0; i < 3; i += 1) shown.add([{ type: "text-delta", id: "1", text: "x".repeat(500_000) }]);
  expect(shown.spellings()).toEqual([]);
});
