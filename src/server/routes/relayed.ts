import { GatewayError } from "#core/errors.ts";
import type { WireFormatId } from "#core/request.ts";
import { callOf } from "#server/call.ts";
import type { Exchange } from "#server/exchange.ts";
import { relay } from "#server/relay.ts";
import { readBytes } from "#server/request-body.ts";
import type { Route, RouteParams, Services } from "#server/route.ts";

const formats: readonly WireFormatId[] = ["anthropic-messages", "openai-chat", "openai-responses"];

/** Whatever else a provider's API has (files, batches, embeddings): it is passed on as it came, and read by nobody. */
async function passOn(exchange: Exchange, services: Services, params: RouteParams): Promise<Response> {
  const call = callOf(exchange, params);
  const body = exchange.request.body === null ? undefined : await readBytes(exchange, services.limits.maxBodyBytes);
  exchange.stayOpen();
  const own = exchange.wireFormat.id;
  for (const format of [own, ...formats.filter((other) => other !== own)]) {
    const answer = await relay(exchange, services, { call, format, body });
    if (answer !== undefined) return answer;
  }
  throw new GatewayError("not-found", `There is nothing at ${exchange.path.slice(0, 200)}.`, {
    hint: "What answers there passes nothing on. Say which provider has it: /api/v1/…, /providers/NAME/v1/…, or a rule of routing.",
  });
}

/** Without a provider in it, a path is passed on where routing sends it to one; others are said to be unknown. */
const paths = ["/api/v1/*", "/providers/:backend/v1/*", "/v1/files*", "/v1/messages/batches*"];

export const relayedRoutes: readonly Route[] = paths.flatMap((path) =>
  (["GET", "POST", "DELETE"] as const).map((method) => ({
    method,
    path,
    open: false,
    prefixed: false,
    operation: undefined,
    answer: (exchange, services, params) =>
      passOn(exchange, services, path.startsWith("/api/") ? { ...params, backend: "anthropic" } : params),
  })),
);
