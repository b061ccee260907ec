/**
 * The HTTP edge: who may talk to us, which route answers, and how every answer and every failure looks on the
 * wire. It knows Bun, Elysia and the wire formats by their interface, and nothing of what answers behind the
 * gateway.
 */
import "./production.ts";
import { type AccessTokens, createAccessGuard } from "#auth/access-guard.ts";
import { GatewayError } from "#core/errors.ts";
import type { ProviderResponses } from "#core/provider-response.ts";
import type { ResponseStore } from "#core/stored-response.ts";
import type { Approvals } from "#gateway/approvals.ts";
import type { Gateway } from "#gateway/types.ts";
import type { RequestInitial, RequestRecord } from "#telemetry/request-record.ts";

import { createAdmit, shuttingDown } from "./admit.ts";
import { type Connections, createEdge } from "./edge.ts";
import type { Exchange } from "./exchange.ts";
import { createHostCheck } from "./host-check.ts";
import { createRecordings, type RecordingsOptions } from "./idempotency/recordings.ts";
import type { Services, WireFormats } from "./route.ts";
import { createRouter } from "./router.ts";
import { routes } from "./routes/table.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Who may use the API; anybody where there are none. */
  readonly accessTokens?: AccessTokens | undefined;
  /** Web origins that may call the API; `*` for any. */
  readonly corsOrigins: readonly string[];
  /** Names, beside loopback and `host`, that the server answers to; `*` for any. */
  readonly allowedHosts: readonly string[];
  readonly maxBodyBytes: number;
  /** Silence in a stream after which a heartbeat is sent. */
  readonly heartbeatMs: number;
  /** What `Idempotency-Key` does; undefined: nothing. */
  readonly idempotency?: RecordingsOptions | undefined;
  readonly version: string;
}

export interface ServerDeps {
  readonly gateway: Gateway;
  /** Undefined where nobody is asked about tool calls. */
  readonly approvals?: Approvals | undefined;
  /** Answers that are kept under their ids; undefined where none is. */
  readonly responses?: ResponseStore | undefined;
  /** Who made those that are kept elsewhere; undefined where nobody remembers. */
  readonly providerResponses?: ProviderResponses | undefined;
  /** Takes what a browser comes back with from a sign-in; undefined where nobody signs in. */
  readonly oauthCallback?: Services["oauthCallback"];
  readonly wireFormats: WireFormats;
  readonly options: ServerOptions;
  readonly telemetry: { readonly createRecord: (initial: RequestInitial) => RequestRecord };
}

export interface HttpServer {
  /** Throws what Bun throws (`EADDRINUSE`, `EACCES`). */
  listen(): Listening;
  /**
   * Refuses new work (503), lets what runs finish for `budgetMs`, ends the rest with an error in its own
   * format, and closes the port.
   */
  stop(budgetMs: number): Promise<void>;
  /** Refuses new work, ends what runs with an error in its own format, and waits `budgetMs` at most for that to leave. */
  cut(budgetMs: number): Promise<void>;
  /** Answers without a socket. */
  fetch(request: Request): Promise<Response>;
  activeRequests(): number;
}

export interface Listening {
  readonly hostname: string;
  readonly port: number;
  readonly url: string;
}

/** How long cancelled answers may take to say so, and their last bytes to leave. */
const farewellMs = 1000;

/** Seconds a connection may be idle between requests, or a client may take over its next bytes of a body. */
const idleSeconds = 30;

/** Bun answers a body beyond its own limit without asking us and without a body; ours is checked while reading. */
const noBodyLimit = Number.MAX_SAFE_INTEGER;

export function createServer({
  gateway,
  approvals,
  responses,
  providerResponses,
  oauthCallback,
  wireFormats,
  options,
  telemetry,
}: ServerDeps): HttpServer {
  const active = new Set<Exchange>();
  const state: { draining: boolean; listener: Bun.Server<undefined> | undefined } = {
    draining: false,
    listener: undefined,
  };
  const draining = () => state.draining;
  const recordings = options.idempotency && createRecordings(options.idempotency);
  const router = createRouter({
    routes,
    services: {
      gateway,
      approvals,
      limits: options,
      recordings,
      cancelTurns: (principal, requestId) =>
        cancelTurns(active, principal, requestId) + gateway.endWaiting({ principal, requestId }),
      cancelAnswer: (principal, id) => cancelAnswer(active, principal, id),
      responses,
      providerResponses,
      oauthCallback,
      version: options.version,
      draining,
      openApi: async () => (await import("./openapi/document.ts")).renderOpenApi(options.version),
    },
    admit: createAdmit(createAccessGuard(options.accessTokens ?? {}), draining),
  });
  const fetch = createEdge({
    router,
    wireFormats,
    checkHost: createHostCheck(options),
    corsOrigins: options.corsOrigins,
    createRecord: telemetry.createRecord,
    active,
    draining,
  });
  const cut = async (budgetMs: number): Promise<void> => {
    state.draining = true;
    for (const exchange of active) exchange.cancel(shuttingDown());
    await untilNone(() => active.size > 0, budgetMs);
  };
  return {
    fetch,
    cut,
    activeRequests: () => active.size,
    listen() {
      state.listener = openListener(options, fetch);
      return listening(state.listener, options);
    },
    async stop(budgetMs) {
      state.draining = true;
      recordings?.close();
      await untilNone(() => [...active].some(({ standsBy }) => !standsBy), budgetMs);
      await cut(farewellMs);
      await Promise.race([state.listener?.stop(), Bun.sleep(farewellMs)]);
      await state.listener?.stop(true);
    },
  };
}

function cancelTurns(active: ReadonlySet<Exchange>, principal: string, requestId: string): number {
  const turns = turnsOf(active, principal).filter((turn) => turn.requestId === requestId);
  for (const turn of turns) turn.cancel(onDemand());
  return turns.length;
}

function cancelAnswer(active: ReadonlySet<Exchange>, principal: string, id: string): unknown {
  const turn = turnsOf(active, principal).find(({ answer }) => answer?.id === id);
  const cut = turn?.answer?.cutBy(onDemand());
  turn?.cancel(onDemand());
  return cut;
}

function turnsOf(active: ReadonlySet<Exchange>, principal: string): readonly Exchange[] {
  return [...active].filter((exchange) => exchange.isTurn && exchange.principal === principal);
}

function onDemand(): GatewayError {
  return new GatewayError("cancelled", "The request was cancelled on demand.");
}

type Fetch = (request: Request, connections?: Connections) => Promise<Response>;

function openListener({ host, port }: ServerOptions, fetch: Fetch): Bun.Server<undefined> {
  return Bun.serve({
    hostname: host,
    port,
    // Bun lets two servers share a port, each with half of the requests.
    reusePort: false,
    development: false,
    idleTimeout: idleSeconds,
    maxRequestBodySize: noBodyLimit,
    fetch: (request, server) => fetch(request, server),
    // `fetch` does not throw; were it to, this still says nothing of the inside.
    error: () => new Response(null, { status: 500 }),
  });
}

/** A server bound to every address is reached at the loopback one. */
const reachable: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

function listening(listener: Bun.Server<undefined>, { host }: ServerOptions): Listening {
  const port = listener.port ?? 0;
  const address = reachable[host] ?? host;
  return { hostname: host, port, url: `http://${address.includes(":") ? `[${address}]` : address}:${port}` };
}

const pollMs = 10;

async function untilNone(some: () => boolean, budgetMs: number): Promise<void> {
  const deadline = performance.now() + budgetMs;
  while (some() && performance.now() < deadline) await Bun.sleep(pollMs);
}
