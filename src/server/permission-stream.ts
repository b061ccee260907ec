import type { Approval } from "#gateway/approval.ts";
import type { Approvals } from "#gateway/approvals.ts";
import { encodeSseFrame } from "#lib/sse.ts";

import type { Exchange } from "./exchange.ts";
import { encodePermissionEvent } from "./permissions.ts";
import { eventStreamResponse } from "./sse-response.ts";
import { silence, withSilences } from "./with-silences.ts";

/** Events a handler may leave unread; one that has stopped reading is cut off, and gets what is pending when it comes back. */
const mostUnread = 1000;

interface StreamOptions {
  readonly approvals: Approvals;
  /** False for one that only looks on. */
  readonly attends: boolean;
  readonly heartbeatMs: number;
}

/** Everything that becomes of this caller's approvals, for as long as it listens. */
export function permissionStream(exchange: Exchange, options: StreamOptions): Response {
  // Nobody's work is cut short when a listener is: shutting down need not wait for it.
  exchange.standBy();
  return eventStreamResponse(exchange, frames(exchange, options));
}

async function* frames({ principal, signal }: Exchange, options: StreamOptions): AsyncGenerator<string> {
  const { approvals, attends, heartbeatMs } = options;
  const unread = Promise.withResolvers<ReadableStreamDefaultController<Approval>>();
  const events = new ReadableStream<Approval>({ start: unread.resolve }, { highWaterMark: mostUnread });
  const controller = await unread.promise;
  const leave = approvals.subscribe(principal, {
    attends,
    notify(approval) {
      if ((controller.desiredSize ?? 0) > 0) controller.enqueue(approval);
      else controller.error(new Error("The handler does not read."));
    },
  });
  try {
    yield ping("Connected to permission stream");
    for await (const approval of withSilences(events, { silenceMs: heartbeatMs, signal }))
      yield approval === silence ? ping("keepalive") : encode(approval);
  } finally {
    leave();
  }
}

function encode(approval: Approval): string {
  const event = encodePermissionEvent(approval);
  return encodeSseFrame({ event: event.type, data: JSON.stringify(event) });
}

function ping(message: string): string {
  return encodeSseFrame({ event: "ping", data: JSON.stringify({ message }) });
}
