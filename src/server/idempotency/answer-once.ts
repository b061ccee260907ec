/**
 * Answers a request that carries an `Idempotency-Key`: the first of its name makes the answer, and goes on with it when
 * its client leaves; those that repeat it get the same bytes.
 */
import { GatewayError, toGatewayError } from "#core/errors.ts";
import type { Exchange } from "#server/exchange.ts";

import type { Recording, Seat } from "./recording.ts";
import type { Found } from "./recordings.ts";

/** `answer` is called for the first only. */
export async function answerOnce(
  exchange: Exchange,
  { recording, settle }: Found,
  answer: () => Promise<Response>,
): Promise<Response> {
  const seat = recording.join();
  if (settle === undefined) return await repeat(exchange, recording, seat);
  recording.onAbandoned = () => exchange.cancel(abandoned());
  exchange.outlive(seat.leave);
  try {
    const response = await answer();
    const { status, headers, body } = response;
    const { streaming, head } = exchange;
    recording.open({ status, headers: Object.fromEntries(headers), streaming, head });
    void fill(recording, body, exchange).finally(() => settle(isWorthKeeping(exchange)));
    return new Response(streaming ? seat.read() : await wholeOf(seat), response);
  } catch (thrown) {
    recording.fail(exchange.cancelledBy ?? toGatewayError(thrown));
    settle(isWorthKeeping(exchange));
    throw thrown;
  }
}

/** Does not wait for whoever is to read it, as long as it is kept. */
async function fill(recording: Recording, body: Response["body"], exchange: Exchange): Promise<void> {
  try {
    for await (const chunk of body ?? []) await recording.add(chunk);
    recording.end(exchange.outcome);
  } catch (thrown) {
    recording.fail(toGatewayError(thrown));
  }
}

/** Whatever was paid for, be it a failure; but what was cancelled is asked for again only to be had after all. */
function isWorthKeeping({ head, cancelledBy }: Exchange): boolean {
  return head?.accepted === true && cancelledBy?.kind !== "cancelled";
}

async function repeat(exchange: Exchange, recording: Recording, seat: Seat): Promise<Response> {
  const { signal, record: row } = exchange;
  exchange.repeats = true;
  signal.addEventListener("abort", seat.leave, { once: true });
  try {
    const { streaming, head, ...init } = await Promise.race([recording.opened, untilCancelled(signal)]);
    if (head !== undefined) {
      const { backend, mode, model, sessionId } = head;
      exchange.runs(head);
      row.set({ backend, mode, modelUsed: model, ...(sessionId !== undefined && { sessionId }) });
    }
    if (streaming) {
      exchange.handOverToStream();
      return new Response(repeatedStream(exchange, recording, seat), init);
    }
    const whole = await wholeOf(seat);
    exchange.adopt(recording.outcome);
    return new Response(whole, init);
  } finally {
    if (!exchange.streaming) seat.leave();
  }
}

async function* repeatedStream(exchange: Exchange, recording: Recording, seat: Seat): AsyncGenerator<Uint8Array> {
  let bytesOut = 0;
  try {
    for await (const chunk of seat.read(exchange.signal)) {
      exchange.record.mark("first-byte");
      bytesOut += chunk.byteLength;
      yield chunk;
    }
    exchange.adopt(recording.outcome);
    if (recording.outcome === undefined && exchange.isHeard) yield lastFrame(exchange);
  } finally {
    exchange.record.set({ bytesOut });
    exchange.end(200);
  }
}

/** Of a client whose own request is cancelled, while the answer goes on for others. */
function lastFrame({ wireFormat, requestId, record, cancelledBy }: Exchange): Uint8Array {
  const encoder = wireFormat.createStreamEncoder({ requestId, includeUsage: false, createdAt: record.receivedAt });
  const error = cancelledBy ?? new GatewayError("internal", "The answer broke off.");
  return new TextEncoder().encode(encoder.encode({ type: "error", error }));
}

async function wholeOf(seat: Seat): Promise<Uint8Array<ArrayBuffer>> {
  return Buffer.concat(await Array.fromAsync(seat.read()));
}

function untilCancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(toGatewayError(signal.reason));
    signal.addEventListener("abort", () => reject(toGatewayError(signal.reason)), { once: true });
  });
}

function abandoned(): GatewayError {
  return new GatewayError("cancelled", "The client closed the connection, and did not come back for the answer.");
}
