import * as v from "valibot";

import type { ModelEvent } from "#core/events.ts";
import { unreadable } from "#core/refusal.ts";
import { isRecord } from "#lib/is-record.ts";

import { failedStream } from "./error.ts";
import { completionSchema } from "./schema.ts";
import { createStreamDecoder, isFailure } from "./stream.ts";

/** A whole completion is a stream of one chunk. */
export function decodeResponse(body: unknown): readonly ModelEvent[] {
  const parsed = v.safeParse(completionSchema, body);
  if (!parsed.success)
    return [{ type: "error", error: isFailure(body) ? failedStream(body) : unreadable(JSON.stringify(body) ?? "") }];
  const choices = parsed.output.choices.map(({ message, finish_reason, ...choice }) => ({
    ...choice,
    delta: message,
    finish_reason: finish_reason ?? "stop",
  }));
  const decoder = createStreamDecoder();
  return [...decoder.decode(JSON.stringify({ ...parsed.output, choices })), ...decoder.end()];
}

export function summaryOf(body: unknown): readonly ModelEvent[] {
  if (!isRecord(body) || !Array.isArray(body["choices"])) return [];
  const choices = body["choices"].map((choice: unknown) => (isRecord(choice) ? { ...choice, message: {} } : choice));
  return decodeResponse({ ...body, choices });
}
