import { GatewayError } from "./errors.ts";

/** It must be released: what it listens to outlives the run by far. */
export interface RunSignal {
  readonly signal: AbortSignal;
  release(): void;
}

/** One signal of several. */
export function joinSignals(sources: readonly AbortSignal[]): RunSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(sources.find(({ aborted }) => aborted)?.reason);
  for (const source of sources) source.addEventListener("abort", abort, { once: true });
  if (sources.some(({ aborted }) => aborted)) abort();
  return {
    signal: controller.signal,
    release() {
      for (const source of sources) source.removeEventListener("abort", abort);
    },
  };
}

/** Fires after that time, for this reason. */
export function startDeadline(ms: number, reason: GatewayError): RunSignal {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(reason), ms);
  return { signal: controller.signal, release: () => clearTimeout(timer) };
}

/** The signal's own reason where it is one of ours. */
export function abortError({ reason }: AbortSignal): GatewayError {
  if (reason instanceof GatewayError) return reason;
  return new GatewayError("cancelled", "The request was cancelled.", { cause: reason });
}

/** Rejects as soon as nobody waits any more; the work goes on for the others. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // What is there already needs no waiting for: a key from the environment, with each request.
  if (Bun.peek.status(work) === "fulfilled" && !signal.aborted) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(abortError(signal));
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    // Of work that is left, too, somebody has to hear that it failed: an unheard rejection ends the process.
    return await Promise.race([promise, work]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
