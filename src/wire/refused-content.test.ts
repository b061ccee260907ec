/** What an API cannot be told is refused by the place where its client wrote it, however its messages were put together. */
import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";
import type { ModelRequest } from "#core/request.ts";

import { anthropicMessages } from "./anthropic-messages/index.ts";
import { anthropicMessagesUpstream } from "./anthropic-messages/upstream/index.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiChatUpstream } from "./openai-chat/upstream/index.ts";
import { openaiResponses } from "./openai-responses/index.ts";
import { openaiResponsesUpstream } from "./openai-responses/upstream/index.ts";

/** No picture, and one that is a vendor's file. */
const noPicture = "data:image/png;base64,aGVsbG8=";

const chat = openaiChat.decodeRequest({
  messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "a" },
    {
      role: "user",
      content: [
        { type: "text", text: "b" },
        { type: "image_url", image_url: { url: noPicture } },
      ],
    },
  ],
});
const responses = openaiResponses.decodeRequest(
  {
    input: [
      { role: "user", content: "kept" },
      { role: "developer", content: "Be brief." },
      { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
      {
        type: "function_call_output",
        call_id: "c",
        output: [
          { type: "input_image", file_id: "file_1" },
          { type: "input_image", image_url: noPicture },
        ],
      },
    ],
  },
  1,
);
const messages = anthropicMessages.decodeRequest({
  max_tokens: 9,
  messages: [
    { role: "user", content: "a" },
    {
      role: "user",
      content: [
        { type: "text", text: "" },
        { type: "image", source: { type: "file", file_id: "f" } },
      ],
    },
  ],
});

test.each([
  ["openai-chat", chat, anthropicMessagesUpstream, "messages[2].content[1]"],
  ["openai-responses", responses, anthropicMessagesUpstream, "input[2].output[1]"],
  ["openai-responses", responses, openaiChatUpstream, "input[2].output[0]"],
  ["anthropic-messages", messages, openaiChatUpstream, "messages[1].content[1]"],
  ["anthropic-messages", messages, openaiResponsesUpstream, "messages[1].content[1]"],
] as const)("%s", (_format, request: ModelRequest, upstream, param) => {
  const asked = () => upstream.encodeRequest({ ...request, model: "m" });
  expect(asked).toThrow(GatewayError);
  expect(asked).toThrow(expect.objectContaining({ options: expect.objectContaining({ param }) }));
});
