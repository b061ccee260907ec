import { createFindUnread } from "#lib/unread-fields.ts";

import { blockFields, type CountTokensRequest, countTokensRequestSchema, type RequestMessage } from "./schema.ts";

/** Marks for caching go to who has to be told; the others cache by themselves. What was cited has been. */
const harmlessFields: ReadonlySet<string> = new Set(["cache_control", "citations"]);

/** Sent by some clients on every request, with the value that asks for nothing. */
const defaultValues: ReadonlyMap<string, string> = new Map([
  ["speed", '"standard"'],
  ["caller", '{"type":"direct"}'],
]);

const requestFields: ReadonlySet<string> = new Set(Object.keys(countTokensRequestSchema.entries));
const outputFields: ReadonlySet<string> = new Set(["effort", "format"]);
const thinkingFields: ReadonlySet<string> = new Set(["type", "budget_tokens", "display"]);
const metadataFields: ReadonlySet<string> = new Set(["user_id"]);
const messageFields: ReadonlySet<string> = new Set(["role", "content"]);
const toolFields: ReadonlySet<string> = new Set(["type", "name", "description", "input_schema"]);

const unreadIn = createFindUnread({ harmless: harmlessFields, defaults: defaultValues });

/** The fields of the request itself that nothing here reads. */
export function unreadFields(request: CountTokensRequest): string[] {
  return [
    ...unreadIn(request, requestFields, ""),
    ...unreadIn(request.output_config ?? {}, outputFields, "output_config."),
    ...unreadIn(request.thinking ?? {}, thinkingFields, "thinking."),
    ...unreadIn(request.metadata ?? {}, metadataFields, "metadata."),
  ];
}

export function unreadMessageFields(message: RequestMessage): string[] {
  return unreadIn(message, messageFields, "messages[].");
}

export function unreadToolFields(tool: object): string[] {
  return unreadIn(tool, toolFields, "tools[].");
}

export function unreadBlockFields(block: { readonly type: string }): string[] {
  const read = blockFields.get(block.type);
  return read === undefined ? [] : unreadIn(block, read, "messages[].content[].");
}
