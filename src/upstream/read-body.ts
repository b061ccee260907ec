import { GatewayError, toGatewayError } from "#core/errors.ts";

/** The chunks of an answer. Throws GatewayError: `timeout` after such a silence, `upstream` where it breaks off. */
export async function* chunksOf(
  response: Response,
  { idleTimeoutMs, signal }: { readonly idleTimeoutMs: number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const cancel = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  let isLate = false;
  try {
    for (;;) {
      const timer = setTimeout(() => {
        isLate = true;
        cancel();
      }, idleTimeoutMs);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (signal.aborted) throw toGatewayError(signal.reason);
      if (isLate) throw silent(idleTimeoutMs);
      if (done) return;
      yield value;
    }
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    throw signal.aborted ? toGatewayError(signal.reason) : brokenOff(thrown);
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

/** The beginning of it: what refuses a request has little to say. */
export async function textOf(chunks: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.byteLength;
    if (length >= mostBytes) break;
  }
  return new TextDecoder().decode(Buffer.concat(parts).subarray(0, mostBytes));
}

function silent(ms: number): GatewayError {
  return new GatewayError(
    "timeout",
    `The model API said nothing for ${ms / 1000} seconds in the middle of its answer.`,
    {
      hint: "providers.*.idle_timeout_seconds says how long is waited.",
    },
  );
}

function brokenOff(cause: unknown): GatewayError {
  return new GatewayError("upstream", "The connection to the model API was lost in the middle of the answer.", {
    hint: "Send the request again.",
    cause,
  });
}
