import { createFindUnread } from "#lib/unread-fields.ts";

import { type CountTokensRequest, countTokensRequestSchema, type RequestMessage } from "./schema.ts";

/** It changes nothing in the answer: caching is the backend's own business. */
const harmlessFields: ReadonlySet<string> = new Set(["cache_control"]);

/** Sent by some clients on every request, with the value that asks for nothing. */
const defaultValues: ReadonlyMap<string, string> = new Map([["speed", '"standard"']]);

const requestFields: ReadonlySet<string> = new Set(Object.keys(countTokensRequestSchema.entries));
const outputFields: ReadonlySet<string> = new Set(["effort", "format"]);
const metadataFields: ReadonlySet<string> = new Set(["user_id"]);
const messageFields: ReadonlySet<string> = new Set(["role", "content"]);
const toolFields: ReadonlySet<string> = new Set(["type", "name", "description", "input_schema"]);

const unreadIn = createFindUnread({ harmless: harmlessFields, defaults: defaultValues });

/** The fields of the request itself that nothing here reads. */
export function unreadFields(request: CountTokensRequest): string[] {
  return [
    ...unreadIn(request, requestFields, ""),
    ...unreadIn(request.output_config ?? {}, outputFields, "output_config."),
    ...unreadIn(request.metadata ?? {}, metadataFields, "metadata."),
  ];
}

export function unreadMessageFields(message: RequestMessage): string[] {
  return unreadIn(message, messageFields, "messages[].");
}

export function unreadToolFields(tool: object): string[] {
  return unreadIn(tool, toolFields, "tools[].");
}
