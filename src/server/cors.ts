import { exposedHeaders } from "./answer-headers.ts";
import { allowsOrigin } from "./host-check.ts";

const preflightSeconds = 600;

/** Answers a preflight of an allowed origin; undefined for every other request. */
export function answerPreflight(request: Request, corsOrigins: readonly string[]): Response | undefined {
  const origin = request.headers.get("origin");
  const method = request.headers.get("access-control-request-method");
  if (request.method !== "OPTIONS" || origin === null || method === null) return undefined;
  if (!allowsOrigin(corsOrigins, origin)) return undefined;
  const asked = request.headers.get("access-control-request-headers");
  const headers = new Headers({
    "access-control-allow-methods": "GET, HEAD, POST, DELETE",
    "access-control-max-age": `${preflightSeconds}`,
    vary: "Origin, Access-Control-Request-Headers",
  });
  if (asked !== null) headers.set("access-control-allow-headers", asked);
  // Chromium asks this of a page on a public site that calls a loopback address.
  if (request.headers.get("access-control-request-private-network") === "true")
    headers.set("access-control-allow-private-network", "true");
  return new Response(null, { status: 204, headers });
}

/** Never with credentials: clients send their key in a header, and cookies mean nothing here. */
export function allowOrigin(request: Request, corsOrigins: readonly string[], headers: Headers): void {
  const origin = request.headers.get("origin");
  if (corsOrigins.length === 0) return;
  headers.append("vary", "Origin");
  if (origin === null || !allowsOrigin(corsOrigins, origin)) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", exposedHeaders.join(", "));
}
