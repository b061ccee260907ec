import { createFindUnread } from "#lib/unread-fields.ts";

import { type ChatCompletionRequest, chatCompletionRequestSchema, type RequestMessage } from "./schema.ts";

/** Sent by many clients on every request, with the value that asks for nothing. */
const defaultValues: ReadonlyMap<string, string> = new Map([
  ["frequency_penalty", "0"],
  ["presence_penalty", "0"],
  ["top_logprobs", "0"],
  ["modalities", '["text"]'],
  ["verbosity", '"medium"'],
  ["prompt_cache_retention", '"in_memory"'],
]);

const requestFields: ReadonlySet<string> = new Set(Object.keys(chatCompletionRequestSchema.entries));
const streamOptions: ReadonlySet<string> = new Set(["include_usage"]);
const messageFields: ReadonlySet<string> = new Set([
  "role",
  "content",
  "refusal",
  "reasoning_content",
  "tool_calls",
  "tool_call_id",
]);

/** An empty object is how a search of the web is asked for. */
const switches: ReadonlySet<string> = new Set(["web_search_options"]);

const unreadIn = createFindUnread({ defaults: defaultValues, switches });

/** The fields of the request itself that nothing here reads. */
export function unreadFields(request: ChatCompletionRequest): string[] {
  return [
    ...unreadIn(request, requestFields, ""),
    ...unreadIn(request.stream_options ?? {}, streamOptions, "stream_options."),
  ];
}

export function unreadMessageFields(message: RequestMessage): string[] {
  return unreadIn(message, messageFields, "messages[].");
}
