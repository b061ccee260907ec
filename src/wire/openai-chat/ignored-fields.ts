import { type ChatCompletionRequest, chatCompletionRequestSchema, type RequestMessage } from "./schema.ts";

/** They change nothing in the answer: caching is the backend's own business. */
const harmlessFields: ReadonlySet<string> = new Set([
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
]);

/** Sent by many clients on every request, with the value that asks for nothing. */
const defaultValues: ReadonlyMap<string, string> = new Map([
  ["frequency_penalty", "0"],
  ["presence_penalty", "0"],
  ["top_logprobs", "0"],
  ["modalities", '["text"]'],
  ["verbosity", '"medium"'],
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

const mostFields = 40;
const longestName = 64;

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

/** They are sent back in a header, so a client cannot make it endless. */
export function listIgnored(fields: ReadonlySet<string>): readonly string[] {
  return [...fields].slice(0, mostFields).map((field) => field.slice(0, longestName));
}

function unreadIn(fields: object, read: ReadonlySet<string>, prefix: string): string[] {
  return Object.entries(fields).flatMap(([field, value]) =>
    read.has(field) || harmlessFields.has(field) || asksForNothing(field, value) ? [] : [prefix + field],
  );
}

function asksForNothing(field: string, value: unknown): boolean {
  if (value === null || value === undefined || value === false) return true;
  if (typeof value === "object" && Object.keys(value).length === 0) return true;
  return defaultValues.has(field) && defaultValues.get(field) === JSON.stringify(value);
}
