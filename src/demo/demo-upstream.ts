/**
 * The demo upstream: a deterministic local server that speaks Anthropic's and OpenAI's APIs and is
 * scripted by words in the prompt (docs/demo-upstream.md). It must know nothing of backends and of
 * our own wire formats, whose witness it is, and asks no model.
 */
import { createBatches } from "./anthropic/batches.ts";
import { createFiles } from "./anthropic/files.ts";
import { answerApi } from "./api.ts";
import type { ApiParts } from "./api.ts";
import { controlResponse } from "./control.ts";
import { createDirector } from "./director.ts";
import { createKeptResponses } from "./openai-responses/kept.ts";
import { createOrders } from "./orders.ts";
import { createRecorder } from "./recorder.ts";
import type { RecordedRequest } from "./recorder.ts";

export interface DemoUpstreamOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Milliseconds between two deltas where the prompt does not say; default 0. */
  readonly delayMs?: number;
}

export interface DemoUpstream {
  /** Without a trailing slash; what `ANTHROPIC_BASE_URL` takes. */
  readonly url: string;
  readonly port: number;
  /** Closes every connection. */
  stop(): Promise<void>;
  /** API requests being answered now. */
  openRequests(): number;
  /** The last API requests, oldest first: 100 at most, and about 16 MB of bodies. */
  requests(): readonly RecordedRequest[];
}

/** Throws what Bun throws when the port is taken (`code` EADDRINUSE). */
export function startDemoUpstream(options: DemoUpstreamOptions = {}): DemoUpstream {
  const recorder = createRecorder();
  const parts: ApiParts = {
    recorder,
    director: createDirector(options.delayMs ?? 0),
    orders: createOrders(),
    batches: createBatches(),
    files: createFiles(),
    responses: createKeptResponses(),
  };
  const reset = (): void => {
    for (const part of Object.values(parts)) part.reset();
  };
  const server = Bun.serve({
    hostname: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
    // Bun cuts a silent connection after 10 s by default; a stall may be longer than any such limit.
    idleTimeout: 0,
    maxRequestBodySize: 256 * 1024 * 1024,
    development: false,
    fetch: (request) => handle(request, parts, reset),
  });
  return {
    url: server.url.href.replace(/\/$/, ""),
    port: server.port ?? 0,
    stop: () => server.stop(true),
    openRequests: () => recorder.state().open,
    requests: () => recorder.requests(),
  };
}

function handle(request: Request, parts: ApiParts, reset: () => void): Promise<Response> | Response {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/__demo/")) return controlResponse(request, { ...parts, reset });
  if (isGreeted(pathname) && (request.method === "GET" || request.method === "HEAD"))
    return new Response(
      "ccproxy demo upstream: speaks the Anthropic messages, OpenAI chat completions and OpenAI Responses APIs; no model behind it.\n",
    );
  if (request.headers.get("upgrade")?.toLowerCase() === "websocket")
    return new Response("The demo upstream speaks no WebSocket; POST the request.\n", {
      status: upgradeRefused,
      headers: { allow: "POST" },
    });
  return answerApi(request, parts);
}

/** At this status Codex sends the same by POST at once; at another (0.169.0) it first asks several times more. */
const upgradeRefused = 426;

/** What claude asks at its start to see whether anyone is there: 2.1.197 the root, 2.1.329 the other. */
function isGreeted(pathname: string): boolean {
  return pathname === "/" || pathname.endsWith("/api/hello");
}
