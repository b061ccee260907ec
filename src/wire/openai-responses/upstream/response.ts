import * as v from "valibot";

import type { ModelEvent } from "#core/events.ts";
import { unreadable } from "#core/refusal.ts";
import { isRecord } from "#lib/is-record.ts";
import { saidIn } from "#lib/said-in.ts";

import { failedStream } from "./error.ts";
import { responseSchema } from "./schema.ts";
import { decodeWhole } from "./stream.ts";

/** A whole response is what its stream ends with. */
export function decodeResponse(body: unknown): readonly ModelEvent[] {
  if (!isAnswer(body)) {
    const isFailure = typeof body === "object" && saidIn(body) !== "";
    return [{ type: "error", error: isFailure ? failedStream(body) : unreadable(JSON.stringify(body) ?? "") }];
  }
  const parsed = v.safeParse(responseSchema, body);
  if (!parsed.success) return [{ type: "error", error: unreadable(JSON.stringify(body) ?? "") }];
  return decodeWhole(parsed.output);
}

export function summaryOf(body: unknown): readonly ModelEvent[] {
  return isAnswer(body) ? decodeResponse(body).filter(({ type }) => !isOfBlock.test(type)) : [];
}

const isOfBlock = /^(?:text|reasoning|tool-input)-/;

function isAnswer(body: unknown): boolean {
  return isRecord(body) && (body["object"] === "response" || Array.isArray(body["output"]));
}
