import { callBlock, mediaBlock, textBlock } from "#demo/openai/conversion.ts";
import type { Block, ChatMessage } from "#demo/request.ts";

import type { InputPart, Item } from "./schema.ts";

/** One item in the words in which the script reads a conversation; nothing for what does not speak to it. */
export function messagesOf(item: Item): readonly ChatMessage[] {
  switch (item.type) {
    case "message":
      return [messageOf(item)];
    case "function_call":
      return [{ role: "assistant", content: [callBlock(item.call_id, item.name, item.arguments)] }];
    case "custom_tool_call":
      return [{ role: "assistant", content: [callBlock(item.call_id, item.name, item.input)] }];
    case "function_call_output":
    case "custom_tool_call_output": {
      const content = typeof item.output === "string" ? item.output : item.output.map(blockOf);
      return [{ role: "user", content: [{ type: "tool_result", tool_use_id: item.call_id, content }] }];
    }
    case "reasoning":
      return [{ role: "assistant", content: [{ type: "thinking" }] }];
    case "other":
      return [];
  }
}

function messageOf(message: Extract<Item, { readonly type: "message" }>): ChatMessage {
  if (message.role === "assistant") {
    const parts =
      typeof message.content === "string" ? [{ type: "output_text" as const, text: message.content }] : message.content;
    return {
      role: "assistant",
      content: parts.map((part) => textBlock(part.type === "output_text" ? part.text : part.refusal)),
    };
  }
  const content = typeof message.content === "string" ? message.content : message.content.map(blockOf);
  return { role: message.role === "user" ? "user" : "system", content };
}

function blockOf(part: InputPart): Block {
  switch (part.type) {
    case "input_text":
      return textBlock(part.text);
    case "input_image":
      return mediaBlock("image", { url: part.image_url ?? undefined, fileId: part.file_id ?? undefined });
    case "input_file":
      return mediaBlock("document", {
        url: part.file_data ?? part.file_url ?? undefined,
        fileId: part.file_id ?? undefined,
        title: part.filename ?? undefined,
      });
  }
}
