import { GatewayError } from "#core/errors.ts";

/** One signal of several, and a deadline. It must be released: the sources outlive the run by far. */
export interface RunSignal {
  readonly signal: AbortSignal;
  release(): void;
}

/** `timeoutMs`: 0 for none. */
export function joinSignals(sources: readonly AbortSignal[], timeoutMs: number): RunSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(sources.find(({ aborted }) => aborted)?.reason);
  for (const source of sources) source.addEventListener("abort", abort, { once: true });
  if (sources.some(({ aborted }) => aborted)) abort();
  const timer = timeoutMs > 0 ? setTimeout(() => controller.abort(tooSlow()), timeoutMs) : undefined;
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer);
      for (const source of sources) source.removeEventListener("abort", abort);
    },
  };
}

function tooSlow(): GatewayError {
  return new GatewayError("timeout", "Claude Code did not finish in time.", {
    hint: "claude.request_timeout_seconds sets how long a request may take.",
  });
}

/** The signal's own reason where it is one of ours. */
export function abortError({ reason }: AbortSignal): GatewayError {
  if (reason instanceof GatewayError) return reason;
  return new GatewayError("cancelled", "The request was cancelled.", { cause: reason });
}
