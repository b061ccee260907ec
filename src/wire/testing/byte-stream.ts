import fc from "fast-check";

/** How a stream is cut into chunks and where heartbeats fall: both repeat until the stream is used up. */
export interface Delivery {
  readonly chunkSizes: readonly number[];
  readonly heartbeats: readonly boolean[];
}

export const anyDelivery: fc.Arbitrary<Delivery> = fc.record({
  chunkSizes: fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 5 }),
  heartbeats: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
});

/** A `fetch` that answers every request with these frames as an event stream, heartbeats between them. */
export function fetchOf(frames: readonly string[], heartbeat: string, delivery: Delivery): typeof fetch {
  const beats = delivery.heartbeats;
  const text = frames.map((frame, index) => (beats[index % beats.length] ? heartbeat + frame : frame)).join("");
  const chunks = cutBytes(new TextEncoder().encode(text), delivery.chunkSizes);
  const headers = { "content-type": "text/event-stream; charset=utf-8" };
  const answer = () => Promise.resolve(new Response(streamOf(chunks), { headers }));
  return Object.assign(answer, { preconnect: () => undefined });
}

/** A `fetch` that answers every request with this body. */
export function fetchOfJson(body: unknown): typeof fetch {
  return Object.assign(() => Promise.resolve(Response.json(body)), { preconnect: () => undefined });
}

function cutBytes(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let from = 0;
  for (let index = 0; from < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? bytes.length;
    chunks.push(bytes.slice(from, from + size));
    from += size;
  }
  return chunks;
}

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}
