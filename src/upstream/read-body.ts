import { GatewayError, toGatewayError } from "#core/errors.ts";

const mostAtOnce = 1024 * 1024;

interface Limits {
  /** Longest silence. */
  readonly idleTimeoutMs: number;
  /** That the answer was asked for with. */
  readonly signal: AbortSignal;
}

interface Abandonable {
  readonly response: Response;
  /** Ends the connection, whoever reads from it. */
  readonly abandon: () => void;
}

/** The chunks of an answer. Throws GatewayError: `timeout` after such a silence, `upstream` where it breaks off. */
export async function* chunksOf(
  response: Pick<Response, "body">,
  { idleTimeoutMs, signal }: Limits,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  let isLate = false;
  let isWaiting = false;
  // One clock for all of it: one for each chunk costs as much as the chunk.
  const timer = setInterval(() => {
    if (!isWaiting) return;
    isLate = true;
    cancel();
  }, idleTimeoutMs);
  // Who does not read on is not brought to the end of this, but its signal fires.
  const cancel = () => {
    clearInterval(timer);
    void reader.cancel().catch(() => undefined);
  };
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      isWaiting = true;
      timer.refresh();
      const { done, value } = await reader.read();
      isWaiting = false;
      if (signal.aborted) throw toGatewayError(signal.reason);
      if (isLate) throw silent(idleTimeoutMs);
      if (done) return;
      yield value;
    }
  } catch (thrown) {
    throw faultOf(thrown, signal);
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

interface WholeLimits extends Limits {
  /** That are held of it. */
  readonly mostBytes: number;
}

/** All of an answer. Throws as `chunksOf` does, and `answer-too-large`. */
export async function bytesOf(
  { response, abandon }: Abandonable,
  limits: WholeLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = response.headers.get("content-length");
  // A short one that says how long it is has been made already, and comes at once.
  if (announced === null || Number(announced) > Math.min(mostAtOnce, limits.mostBytes))
    return await gathered(response, limits);
  const { idleTimeoutMs, signal } = limits;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    abandon();
  }, idleTimeoutMs);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (thrown) {
    throw isLate ? silent(idleTimeoutMs) : faultOf(thrown, signal);
  } finally {
    clearTimeout(timer);
  }
}

async function gathered(response: Response, limits: WholeLimits): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(response, limits)) {
    parts.push(chunk);
    length += chunk.byteLength;
    if (length > limits.mostBytes) throw tooLarge(limits.mostBytes);
  }
  return Buffer.concat(parts);
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

function faultOf(thrown: unknown, signal: AbortSignal): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return signal.aborted ? toGatewayError(signal.reason) : brokenOff(thrown);
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

/** For what would have to be held in memory to be read. */
export function tooLarge(mostBytes: number): GatewayError {
  return new GatewayError(
    "answer-too-large",
    `The model API answered with more than ${Math.round(mostBytes / (1024 * 1024))} MB in one piece.`,
    { hint: "Ask for less at once, or have it streamed." },
  );
}

function brokenOff(cause: unknown): GatewayError {
  return new GatewayError("upstream", "The connection to the model API was lost in the middle of the answer.", {
    hint: "Send the request again.",
    cause,
  });
}
