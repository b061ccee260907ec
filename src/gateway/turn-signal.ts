import { GatewayError } from "#core/errors.ts";

export interface TurnSignal {
  readonly signal: AbortSignal;
  /** Set once the turn ran out of time. */
  readonly timeout: GatewayError | undefined;
  /** To be called when the turn is over: it lets go of the client's signal and of the clock. */
  release(): void;
}

/** Fires with the client's signal, and for its reason, or when the turn has taken `timeoutMs` (0: it may take for ever). */
export function startTurnSignal(client: AbortSignal, timeoutMs: number): TurnSignal {
  const controller = new AbortController();
  let timeout: GatewayError | undefined;
  const leave = () => controller.abort(client.reason);
  const expire = () => {
    timeout = tooLong();
    controller.abort(timeout);
  };
  if (client.aborted) leave();
  client.addEventListener("abort", leave, { once: true });
  const timer = timeoutMs === 0 ? undefined : setTimeout(expire, timeoutMs);
  return {
    signal: controller.signal,
    get timeout() {
      return timeout;
    },
    release() {
      clearTimeout(timer);
      client.removeEventListener("abort", leave);
    },
  };
}

function tooLong(): GatewayError {
  return new GatewayError("timeout", "The turn took longer than claude.request_timeout_seconds allows.");
}
