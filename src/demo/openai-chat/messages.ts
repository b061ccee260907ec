import { callBlock, mediaBlock, textBlock } from "#demo/openai/conversion.ts";
import type { Block, ChatMessage } from "#demo/request.ts";

import type { Message } from "./schema.ts";

type Assistant = Extract<Message, { readonly role: "assistant" }>;
type UserPart = Exclude<Extract<Message, { readonly role: "user" }>["content"], string>[number];

/** One message in the words in which the script reads a conversation. */
export function messageOf(message: Message): ChatMessage {
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", content: message.content };
    case "user":
      return {
        role: "user",
        content: typeof message.content === "string" ? message.content : message.content.map(blockOf),
      };
    case "assistant":
      return { role: "assistant", content: blocksOfAssistant(message) };
    case "tool":
      return {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: message.tool_call_id, content: message.content }],
      };
  }
}

function blockOf(part: UserPart): Block {
  switch (part.type) {
    case "text":
      return textBlock(part.text);
    case "image_url":
      return mediaBlock("image", { url: part.image_url.url });
    case "file":
      return mediaBlock("document", { url: part.file.file_data, fileId: part.file.file_id, title: part.file.filename });
    case "input_audio":
      return { type: "audio" };
  }
}

function blocksOfAssistant({
  content,
  refusal,
  reasoning_content: thinking,
  tool_calls: calls = [],
}: Assistant): Block[] {
  const parts = typeof content === "string" ? [{ type: "text" as const, text: content }] : (content ?? []);
  return [
    ...(typeof thinking === "string" ? [{ type: "thinking", thinking }] : []),
    ...parts.map((part) => textBlock(part.type === "text" ? part.text : part.refusal)),
    ...(typeof refusal === "string" ? [textBlock(refusal)] : []),
    ...calls.map((call) =>
      call.type === "custom"
        ? callBlock(call.id, call.custom.name, call.custom.input)
        : callBlock(call.id, call.function.name, call.function.arguments),
    ),
  ];
}
