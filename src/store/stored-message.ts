import * as v from "valibot";

import type { Message, Part } from "#core/request.ts";

const wireFormat = v.picklist(["anthropic-messages", "openai-chat"]);
const text = v.object({ type: v.literal("text"), text: v.string() });

const media = [
  v.object({ type: v.literal("base64"), mediaType: v.string(), data: v.string() }),
  v.object({ type: v.literal("url"), url: v.string() }),
  v.object({ type: v.literal("file"), fileId: v.string() }),
] as const;

const part: v.GenericSchema<unknown, Part> = v.variant("type", [
  text,
  v.object({
    type: v.literal("reasoning"),
    text: v.string(),
    signature: v.exactOptional(v.string()),
    redactedData: v.exactOptional(v.string()),
    field: v.exactOptional(v.string()),
  }),
  v.object({ type: v.literal("image"), source: v.variant("type", media) }),
  v.object({
    type: v.literal("document"),
    source: v.variant("type", [
      ...media,
      v.object({ type: v.literal("text"), mediaType: v.string(), text: v.string() }),
    ]),
    title: v.exactOptional(v.string()),
    context: v.exactOptional(v.string()),
  }),
  v.object({ type: v.literal("tool-call"), callId: v.string(), toolName: v.string(), input: v.unknown() }),
  v.object({
    type: v.literal("tool-result"),
    callId: v.string(),
    content: v.array(v.lazy(() => part)),
    isError: v.boolean(),
  }),
  v.object({ type: v.literal("raw"), wireFormat, value: v.unknown() }),
]);

/** A message as `core/request` has it, from the text that was kept of it: another version may have written that. */
export const storedMessage: v.GenericSchema<unknown, Message> = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ role: v.picklist(["user", "assistant", "system"]), content: v.array(part) }),
);
