import { createFindUnread } from "#lib/unread-fields.ts";

import { type ResponsesRequest, responsesRequestSchema } from "./schema.ts";

/** What a client tells about itself. */
const harmlessFields: ReadonlySet<string> = new Set(["client_metadata"]);

/** Sent by many clients on every request, with the value that asks for nothing. */
const defaultValues: ReadonlyMap<string, string> = new Map([
  ["frequency_penalty", "0"],
  ["presence_penalty", "0"],
  ["top_logprobs", "0"],
  ["verbosity", '"medium"'],
  ["truncation", '"disabled"'],
  ["prompt_cache_retention", '"in_memory"'],
  ["summary", '"auto"'],
  ["context", '"current_turn"'],
  ["allowed_callers", '["direct"]'],
]);

const requestFields: ReadonlySet<string> = new Set(
  Object.keys(responsesRequestSchema.entries).filter((field) => field !== "truncation"),
);
const reasoningFields: ReadonlySet<string> = new Set(["effort"]);
const toolFields: ReadonlySet<string> = new Set([
  "type",
  "name",
  "description",
  "parameters",
  "strict",
  "format",
  "tools",
]);
const textFields: ReadonlySet<string> = new Set(["format"]);
const none: ReadonlySet<string> = new Set();

const unreadIn = createFindUnread({ harmless: harmlessFields, defaults: defaultValues });

/** What `include` may ask for and this server gives anyway: the pictures in the list of input items. */
const included: ReadonlySet<string> = new Set(["reasoning.encrypted_content", "message.input_image.image_url"]);

/** The fields of the request itself that nothing here reads. */
export function unreadFields(request: ResponsesRequest): string[] {
  const { stream_options: options, ...rest } = request;
  return [
    ...unreadIn(rest, requestFields, ""),
    ...unreadIn(typeof options === "object" && options !== null ? options : {}, none, "stream_options."),
    ...unreadIn(request.reasoning ?? {}, reasoningFields, "reasoning."),
    ...unreadIn(request.text ?? {}, textFields, "text."),
    ...(request.include ?? []).filter((wanted) => !included.has(wanted)).map((wanted) => `include=${wanted}`),
  ];
}

/** Of a function, a custom tool or a namespace. */
export function unreadToolFields(tool: object): string[] {
  return unreadIn(tool, toolFields, "tools[].");
}
