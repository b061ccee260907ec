import { GatewayError, toGatewayError } from "#core/errors.ts";

export interface TurnSignal {
  readonly signal: AbortSignal;
  /** Why the turn was stopped although its client is there; undefined while it was not. */
  readonly stoppedBy: GatewayError | undefined;
  /** To be called when the turn is over: it lets go of the client's signal and of the clock. */
  release(): void;
}

/**
 * Fires with the client's signal, and for its reason, with the session's for a GatewayError of its own, or when the
 * turn has taken `timeoutMs` (0: it may take for ever).
 */
export function startTurnSignal(client: AbortSignal, timeoutMs: number, session?: AbortSignal): TurnSignal {
  const controller = new AbortController();
  let stoppedBy: GatewayError | undefined;
  const leave = () => controller.abort(client.reason);
  const stop = (reason: GatewayError) => {
    stoppedBy ??= reason;
    controller.abort(reason);
  };
  const interrupt = () => stop(toGatewayError(session?.reason));
  if (client.aborted) leave();
  if (session?.aborted === true) interrupt();
  client.addEventListener("abort", leave, { once: true });
  session?.addEventListener("abort", interrupt, { once: true });
  const timer = timeoutMs === 0 ? undefined : setTimeout(() => stop(tooLong()), timeoutMs);
  return {
    signal: controller.signal,
    get stoppedBy() {
      return stoppedBy;
    },
    release() {
      clearTimeout(timer);
      session?.removeEventListener("abort", interrupt);
      client.removeEventListener("abort", leave);
    },
  };
}

function tooLong(): GatewayError {
  return new GatewayError("timeout", "The turn took longer than claude.request_timeout_seconds allows.");
}
