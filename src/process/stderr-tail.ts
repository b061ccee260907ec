/** Reads a stream to its end and keeps only its last bytes, so a flood costs no memory and never blocks the child. */
export function keepTail(stream: ReadableStream<Uint8Array>, maxBytes: number): () => string {
  let tail = new Uint8Array();
  const drain = async (): Promise<void> => {
    for await (const chunk of stream) tail = joinTail(tail, chunk, maxBytes);
  };
  // A read that fails ends the tail; what was read before it is still worth showing.
  drain().catch(() => undefined);
  return () => new TextDecoder().decode(tail);
}

function joinTail(tail: Uint8Array, chunk: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  if (chunk.length >= maxBytes) return chunk.slice(chunk.length - maxBytes);
  const kept = tail.subarray(Math.max(0, tail.length + chunk.length - maxBytes));
  const joined = new Uint8Array(kept.length + chunk.length);
  joined.set(kept);
  joined.set(chunk, kept.length);
  return joined;
}
