import type { AccessGuard } from "#auth/access-guard.ts";
import { GatewayError } from "#core/errors.ts";

import type { Exchange } from "./exchange.ts";

/** What every route that is not open asks first. Throws GatewayError `unavailable` or `authentication`. */
export function createAdmit(guard: AccessGuard, draining: () => boolean): (exchange: Exchange) => void {
  return (exchange) => {
    if (draining()) throw shuttingDown();
    exchange.caller = guard.admit(exchange.request.headers);
    exchange.record.set({ principal: exchange.caller.principal });
  };
}

export function shuttingDown(): GatewayError {
  return new GatewayError("unavailable", "ccproxy is shutting down.", {
    hint: "Send the request again in a moment.",
    retryAfterSeconds: 5,
  });
}
