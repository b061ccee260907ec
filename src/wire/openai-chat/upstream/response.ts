import * as v from "valibot";

import type { ModelEvent } from "#core/events.ts";
import { unreadable } from "#core/refusal.ts";
import { isRecord } from "#lib/is-record.ts";

import { failedStream } from "./error.ts";
import { completionSchema, type Delta } from "./schema.ts";
import { decodeWhole, isFailure } from "./stream.ts";

/** A whole completion is a stream of one chunk. */
export function decodeResponse(body: unknown): readonly ModelEvent[] {
  return decode(body, (message) => message);
}

export function summaryOf(body: unknown): readonly ModelEvent[] {
  return isRecord(body) && Array.isArray(body["choices"]) ? decode(body, () => ({})) : [];
}

function decode(body: unknown, shown: (message: Delta) => Delta): readonly ModelEvent[] {
  if (isFailure(body)) return [{ type: "error", error: failedStream(body) }];
  const parsed = v.safeParse(completionSchema, body);
  if (!parsed.success) return [{ type: "error", error: unreadable(JSON.stringify(body) ?? "") }];
  const choices = parsed.output.choices.map(({ message, finish_reason, ...choice }) => ({
    ...choice,
    delta: shown(message),
    finish_reason: finish_reason || "stop",
  }));
  return decodeWhole({ ...parsed.output, choices, x_groq: undefined });
}
