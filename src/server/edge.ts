import type { RequestInitial, RequestRecord } from "#telemetry/request-record.ts";

import { askedHeaders, ignoredHeader, runHeaders } from "./answer-headers.ts";
import { allowOrigin, answerPreflight } from "./cors.ts";
import { Exchange } from "./exchange.ts";
import { renderError } from "./render-error.ts";
import { saidToUs, unreadHeaders } from "./request-headers.ts";
import { requestIdOf } from "./request-id.ts";
import type { WireFormats } from "./route.ts";
import type { Router } from "./router.ts";
import { wireFormatOf } from "./wire-format-of.ts";

/** What Bun's server can say and do about one request. Absent where there is no socket. */
export interface Connections {
  timeout(request: Request, seconds: number): void;
  requestIP(request: Request): { readonly address: string } | null;
}

interface EdgeDeps {
  readonly router: Router;
  readonly wireFormats: WireFormats;
  /** Throws GatewayError `permission`. */
  readonly checkHost: (headers: Headers) => void;
  readonly corsOrigins: readonly string[];
  readonly createRecord: (initial: RequestInitial) => RequestRecord;
  readonly active: Set<Exchange>;
  readonly draining: () => boolean;
}

/** The outermost handler: everything that is the same for every request, before and after its route. Never throws. */
export function createEdge(deps: EdgeDeps) {
  function open(request: Request, connections: Connections | undefined): Exchange {
    const { path, query } = targetOf(request.url);
    const said = saidToUs(request.headers);
    const exchange: Exchange = new Exchange({
      request,
      path,
      query,
      wireFormat: wireFormatOf(path, request.headers, deps.wireFormats),
      record: deps.createRecord({
        requestId: requestIdOf(request.headers),
        method: request.method,
        path,
        clientAddress: connections?.requestIP(request)?.address,
        userAgent: request.headers.get("user-agent") ?? undefined,
      }),
      said,
      unread: unreadHeaders(request.headers, said),
      onEnd: () => deps.active.delete(exchange),
      stayOpen: () => connections?.timeout(request, 0),
    });
    exchange.record.set({ ignoredFields: exchange.unread });
    if (path.includes("/v1/")) exchange.record.set({ wireFormat: exchange.wireFormat.id });
    deps.active.add(exchange);
    return exchange;
  }

  async function answer(exchange: Exchange): Promise<Response> {
    try {
      deps.checkHost(exchange.request.headers);
      return answerPreflight(exchange.request, deps.corsOrigins) ?? (await deps.router.route(exchange));
    } catch (thrown) {
      return renderError(exchange, thrown);
    }
  }

  function addHeaders(exchange: Exchange, headers: Headers): void {
    const { request, requestId, repeats } = exchange;
    headers.set("x-request-id", requestId);
    // The name Anthropic's SDK reads.
    headers.set("request-id", requestId);
    for (const [name, value] of Object.entries(headHeaders(exchange))) headers.set(name, value);
    if (repeats) headers.set("x-ccproxy-replayed", "true");
    allowOrigin(request, deps.corsOrigins, headers);
    if (deps.draining()) headers.set("connection", "close");
  }

  return async (request: Request, connections?: Connections): Promise<Response> => {
    const exchange = open(request, connections);
    const response = await answer(exchange);
    addHeaders(exchange, response.headers);
    if (!exchange.streaming) endWhole(exchange, response);
    return response;
  };
}

function headHeaders({ head, asked, unread }: Exchange): Record<string, string> {
  if (head !== undefined) return runHeaders(head);
  return { ...(asked && askedHeaders(asked)), ...ignoredHeader(unread) };
}

/** A whole answer is over for us once Bun has it. */
function endWhole(exchange: Exchange, response: Response): void {
  const { record, request } = exchange;
  record.mark("first-byte");
  record.set({ bytesOut: request.method === "HEAD" ? 0 : Number(response.headers.get("content-length") ?? 0) });
  exchange.end(response.status);
}

/** Path without doubled slashes (a base URL that ends in one makes them), and query, of whatever Bun took for a URL. */
function targetOf(url: string): { readonly path: string; readonly query: URLSearchParams } {
  // Bun gives the bare target where the Host header is missing (HTTP/1.0) or makes no URL. Behind a host of our own
  // nothing in it, such as backslashes, can be taken for another host or make an invalid URL.
  const target = url.replace(/^https?:\/\/[^/?#]*/i, "");
  const { pathname, searchParams } = new URL(`http://localhost/${target}`);
  return { path: pathname.replaceAll(/\/{2,}/g, "/"), query: searchParams };
}
