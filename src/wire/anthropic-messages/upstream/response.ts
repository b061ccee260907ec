import * as v from "valibot";

import type { ModelEvent } from "#core/events.ts";
import { isRecord } from "#lib/is-record.ts";

import { messageSchema, type StreamEvent } from "./schema.ts";
import { createEventDecoder, failureIn } from "./stream.ts";

/** A whole message is what its stream would have built, told in one delta a block. */
export function decodeResponse(body: unknown): readonly ModelEvent[] {
  const parsed = v.safeParse(messageSchema, body);
  if (!parsed.success) return [{ type: "error", error: failureIn(body, JSON.stringify(body) ?? "") }];
  const { content, stop_reason, stop_sequence, ...message } = parsed.output;
  const decode = createEventDecoder();
  const events: readonly StreamEvent[] = [
    { type: "message_start", message },
    ...content.flatMap((block, index): StreamEvent[] => [
      { type: "content_block_start", index, content_block: block },
      { type: "content_block_stop", index },
    ]),
    { type: "message_delta", delta: { stop_reason: stop_reason ?? "end_turn", stop_sequence }, usage: null },
    { type: "message_stop" },
  ];
  return events.flatMap(decode);
}

export function summaryOf(body: unknown): readonly ModelEvent[] {
  return isRecord(body) && body["type"] === "message" ? decodeResponse({ ...body, content: [] }) : [];
}
