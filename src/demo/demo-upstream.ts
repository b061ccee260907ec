/**
 * The demo upstream: a deterministic local server that speaks the Anthropic messages API and is
 * scripted by words in the prompt (docs/demo-upstream.md). It must know nothing of backends and
 * asks no model.
 */
import { controlResponse } from "./control.ts";
import { apiError } from "./error.ts";
import type { ApiError } from "./error.ts";
import { createDirector, refusal } from "./messages.ts";
import type { Director } from "./messages.ts";
import { describeModel, listModels } from "./models.ts";
import { createRecorder, safeHeaders } from "./recorder.ts";
import type { OpenRecord, RecordedRequest, Recorder } from "./recorder.ts";
import { parseCountRequest } from "./request.ts";
import { errorResponse, jsonResponse, replyResponse } from "./respond.ts";
import { tokensOfRequest } from "./tokens.ts";

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
  /** The last API requests, oldest first: 256 at most, and about 32 MB of bodies. */
  requests(): readonly RecordedRequest[];
}

/** Throws what Bun throws when the port is taken (`code` EADDRINUSE). */
export function startDemoUpstream(options: DemoUpstreamOptions = {}): DemoUpstream {
  const recorder = createRecorder();
  const director = createDirector(options.delayMs ?? 0);
  const server = Bun.serve({
    hostname: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
    // Bun cuts a silent connection after 10 s by default; a stall may be longer than any such limit.
    idleTimeout: 0,
    maxRequestBodySize: 256 * 1024 * 1024,
    development: false,
    fetch: (request) => handle(request, recorder, director),
  });
  return {
    url: server.url.href.replace(/\/$/, ""),
    port: server.port ?? 0,
    stop: () => server.stop(true),
    openRequests: () => recorder.state().open,
    requests: () => recorder.requests(),
  };
}

function handle(request: Request, recorder: Recorder, director: Director): Response | Promise<Response> {
  const { pathname, search, searchParams } = new URL(request.url);
  if (pathname.startsWith("/__demo/")) {
    const reset = (): void => {
      recorder.reset();
      director.reset();
    };
    return controlResponse(request.method, pathname, searchParams, { recorder, reset });
  }
  if (pathname === "/" && (request.method === "GET" || request.method === "HEAD"))
    return new Response("ccproxy demo upstream: speaks the Anthropic messages API; no model behind it.\n");
  return answerApi(request, `${pathname}${search}`, recorder, director);
}

/** What the real API refuses a body beyond. */
const maxBodyBytes = 32 * 1024 * 1024;

async function answerApi(request: Request, path: string, recorder: Recorder, director: Director): Promise<Response> {
  const bytes = await request.bytes();
  const body = bytes.length > maxBodyBytes ? undefined : parseJson(bytes);
  const record = recorder.open(request, path, body?.value, bytes.length);
  request.signal.addEventListener("abort", () => record.end("aborted"), { once: true });
  if (request.signal.aborted) record.end("aborted");
  const problem = bytes.length > maxBodyBytes ? apiError(413) : problemOf(request, body);
  const response =
    problem === undefined
      ? await route(request, body?.value, record, director)
      : errorResponse(problem, record.requestId);
  record.answered(response.status);
  if (!isStream(response)) record.end("done");
  return response;
}

function isStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}

/** Any credential will do, but one must be there, as the API requires. */
function problemOf(request: Request, body: { readonly value: unknown } | undefined): ApiError | undefined {
  if (!request.headers.has("x-api-key") && !request.headers.has("authorization"))
    return apiError(401, "x-api-key header is required");
  if (request.method === "POST" && body === undefined) return apiError(400, "The request body is not valid JSON.");
  return undefined;
}

async function route(request: Request, body: unknown, record: OpenRecord, director: Director): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const { requestId } = record;
  switch (`${request.method} ${pathname}`) {
    case "POST /v1/messages": {
      const reply = director.reply(body, safeHeaders(request.headers));
      return replyResponse(reply, record, request.signal);
    }
    case "POST /v1/messages/count_tokens": {
      const parsed = parseCountRequest(body);
      if ("problem" in parsed) return replyResponse(refusal(apiError(400, parsed.problem)), record, request.signal);
      return jsonResponse({ input_tokens: tokensOfRequest(parsed.value) }, requestId);
    }
    case "GET /v1/models":
      return jsonResponse(listModels(searchParams), requestId);
  }
  const id = /^\/v1\/models\/([^/]+)$/.exec(pathname)?.[1];
  const model = id === undefined || request.method !== "GET" ? undefined : describeModel(decodeURIComponent(id));
  if (model !== undefined) return jsonResponse(model, requestId);
  return errorResponse(apiError(404, id === undefined ? "Not found" : `model: ${id}`), requestId);
}

function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder().decode(bytes)) };
  } catch {
    return undefined;
  }
}
