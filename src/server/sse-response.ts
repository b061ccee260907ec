import { type GatewayError, toGatewayError } from "#core/errors.ts";
import type { ModelEvent } from "#core/events.ts";
import type { StreamEncoder } from "#core/wire-format.ts";
import type { Running } from "#gateway/types.ts";

import type { Exchange } from "./exchange.ts";
import { silence, withSilences } from "./with-silences.ts";

/** Streams a turn as the exchange's wire format. The exchange ends when the stream does, however that happens. */
export function sseResponse(
  exchange: Exchange,
  running: Running,
  { encoder, heartbeatMs }: { readonly encoder: StreamEncoder; readonly heartbeatMs: number },
): Response {
  return eventStreamResponse(exchange, frames(exchange, running, { encoder, heartbeatMs }));
}

/** Streams these frames. The exchange ends when they do. */
export function eventStreamResponse(exchange: Exchange, parts: AsyncIterable<string>): Response {
  exchange.handOverToStream();
  return new Response(countedChunks(exchange, encoded(parts)), {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      // nginx would otherwise collect the stream before it passes it on.
      "x-accel-buffering": "no",
    },
  });
}

/** One chunk, and so one write, for each batch of events. */
async function* frames(
  exchange: Exchange,
  running: Running,
  { encoder, heartbeatMs }: { readonly encoder: StreamEncoder; readonly heartbeatMs: number },
): AsyncGenerator<string> {
  const { signal, wireFormat } = exchange;
  // Bun sends the headers with the first chunk, so a turn that has yet to start needs one now.
  if (!running.started) yield wireFormat.heartbeat;
  try {
    for await (const batch of withSilences(running.events, { silenceMs: heartbeatMs, signal }))
      yield batch === silence ? wireFormat.heartbeat : encodeBatch(exchange, encoder, batch);
  } catch (thrown) {
    yield encodeFailure(exchange, encoder, toGatewayError(thrown));
  }
  const { cancelledBy } = exchange;
  if (cancelledBy !== undefined && exchange.isHeard) yield encodeFailure(exchange, encoder, cancelledBy);
}

function encodeBatch(exchange: Exchange, encoder: StreamEncoder, batch: readonly ModelEvent[]): string {
  let frame = "";
  for (const event of batch) {
    if (event.type === "finish") exchange.finished(event.reason);
    if (event.type === "error") exchange.failed(event.error);
    frame += encoder.encode(event);
  }
  return frame;
}

function encodeFailure(exchange: Exchange, encoder: StreamEncoder, error: GatewayError): string {
  return encodeBatch(exchange, encoder, [{ type: "error", error }]);
}

async function* encoded(parts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const utf8 = new TextEncoder();
  for await (const part of parts) if (part !== "") yield utf8.encode(part);
}

/** Ends the exchange with the last of them. */
export async function* countedChunks(
  exchange: Exchange,
  chunks: AsyncIterable<Uint8Array>,
  status = 200,
): AsyncGenerator<Uint8Array> {
  let bytesOut = 0;
  try {
    for await (const chunk of chunks) {
      exchange.record.mark("first-byte");
      bytesOut += chunk.byteLength;
      yield chunk;
    }
  } finally {
    exchange.record.set({ bytesOut });
    exchange.end(status);
  }
}
