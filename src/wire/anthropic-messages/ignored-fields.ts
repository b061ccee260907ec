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

const mostFields = 40;
const longestName = 64;

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
