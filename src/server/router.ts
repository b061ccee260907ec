import { Elysia } from "elysia";

import { GatewayError } from "#core/errors.ts";

import type { Exchange } from "./exchange.ts";
import { renderError } from "./render-error.ts";
import type { Route, Services } from "./route.ts";
import { unroutable } from "./unroutable.ts";

export interface Router {
  /** Answers by the routes; a failure is rendered, never thrown. */
  route(exchange: Exchange): Response | Promise<Response>;
}

interface RouterDeps {
  readonly routes: readonly Route[];
  readonly services: Services;
  /** Asked before every route that is not open. Throws GatewayError. */
  readonly admit: (exchange: Exchange) => void;
}

/**
 * Elysia gets the method and path alone. It would look for the path behind the Host (and miss it when that
 * is under four letters), and would parse bodies by their content type; both are done before and by us.
 */
export function createRouter({ routes, services, admit }: RouterDeps): Router {
  const exchanges = new WeakMap<Request, Exchange>();

  function exchangeOf(request: Request): Exchange {
    const exchange = exchanges.get(request);
    if (exchange === undefined) throw new GatewayError("internal", "A request reached its route without an exchange.");
    return exchange;
  }

  const app = new Elysia().onError(({ code, error, request }) => {
    const exchange = exchangeOf(request);
    return renderError(
      exchange,
      code === "NOT_FOUND" ? unroutable(routes, { method: exchange.request.method, path: exchange.path }) : error,
    );
  });
  // Elysia leaves `params` out where the path has none, whatever its type says.
  for (const { method, path, open, answer } of routes)
    app.route(method, path, ({ request, params }) => {
      const exchange = exchangeOf(request);
      if (!open) admit(exchange);
      return answer(exchange, services, params ?? {});
    });

  return {
    route(exchange) {
      const request = new Request(`http://localhost${exchange.path}`, { method: exchange.request.method });
      exchanges.set(request, exchange);
      return app.fetch(request);
    },
  };
}
