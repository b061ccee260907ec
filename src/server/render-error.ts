import { toGatewayError } from "#core/errors.ts";

import type { Exchange } from "./exchange.ts";
import { jsonResponse } from "./json-response.ts";

/** The one place where a failure becomes an HTTP answer, in the words of the request's wire format. */
export function renderError(exchange: Exchange, thrown: unknown): Response {
  // Whatever fails after a cancel fails because of it.
  const error = exchange.cancelledBy ?? toGatewayError(thrown);
  exchange.failed(error);
  const { status, headers, body } = exchange.wireFormat.encodeError(error, exchange.requestId);
  const response = jsonResponse(body, { status, headers });
  if (status === 401) response.headers.set("www-authenticate", "Bearer");
  // The rest of a body that is too large is not wanted.
  if (error.kind === "request-too-large") response.headers.set("connection", "close");
  return response;
}
