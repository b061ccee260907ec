import { tokensOfRequest } from "./answer/tokens.ts";
import { apiError } from "./anthropic/error.ts";
import type { ApiError } from "./anthropic/error.ts";
import { describeModel, listModels } from "./anthropic/models.ts";
import type { Director } from "./director.ts";
import type { Recorder } from "./recorder.ts";
import { safeHeaders } from "./recorder.ts";
import { parseCountRequest } from "./request.ts";
import { errorResponse, jsonResponse, replyResponse } from "./respond.ts";

/** What the real API refuses a body beyond. */
const maxBodyBytes = 32 * 1024 * 1024;

/** Answers any path of the API, and records that it was asked. `path` is with its query. */
export async function answerApi(
  request: Request,
  path: string,
  recorder: Recorder,
  director: Director,
): Promise<Response> {
  // The client may hang up while it still sends; then nobody hears the answer.
  const bytes = await request.bytes().catch(() => new Uint8Array());
  const body = bytes.length > maxBodyBytes ? undefined : parseJson(bytes);
  const record = recorder.open(request, path, body?.value, bytes.length);
  const { requestId } = record;
  const abort = (): void => record.end("aborted");
  request.signal.addEventListener("abort", abort, { once: true });
  if (request.signal.aborted) abort();
  const problem = bytes.length > maxBodyBytes ? apiError(413) : problemOf(request, body);
  if (problem === undefined && isMessages(request)) {
    const reply = director.reply(body?.value, safeHeaders(request.headers));
    return replyResponse(reply, record, request.signal);
  }
  const response =
    problem === undefined ? otherResponse(request, body?.value, requestId) : errorResponse(problem, requestId);
  record.answered(response.status);
  record.end("done");
  return response;
}

function isMessages(request: Request): boolean {
  return request.method === "POST" && new URL(request.url).pathname === "/v1/messages";
}

/** Any credential will do, but one must be there, as the API requires. */
function problemOf(request: Request, body: { readonly value: unknown } | undefined): ApiError | undefined {
  if (!request.headers.has("x-api-key") && !request.headers.has("authorization"))
    return apiError(401, "x-api-key header is required");
  if (request.method === "POST" && body === undefined) return apiError(400, "The request body is not valid JSON.");
  return undefined;
}

function otherResponse(request: Request, body: unknown, requestId: string): Response {
  const { pathname, searchParams } = new URL(request.url);
  const modelId = /^\/v1\/models\/([^/]+)$/.exec(pathname)?.[1];
  switch (`${request.method} ${modelId === undefined ? pathname : "/v1/models/:id"}`) {
    case "POST /v1/messages/count_tokens":
      return countResponse(body, requestId);
    case "GET /v1/models":
      return jsonResponse(listModels(searchParams), requestId);
    case "GET /v1/models/:id":
      return modelResponse(modelId ?? "", requestId);
  }
  const isKnown = modelId !== undefined || knownPaths.has(pathname);
  return errorResponse(isKnown ? apiError(405, "Method Not Allowed") : apiError(404, "Not found"), requestId);
}

const knownPaths = new Set(["/v1/messages", "/v1/messages/count_tokens", "/v1/models"]);

function countResponse(body: unknown, requestId: string): Response {
  const parsed = parseCountRequest(body);
  if ("problem" in parsed) return errorResponse(apiError(400, parsed.problem), requestId);
  return jsonResponse({ input_tokens: tokensOfRequest(parsed.value) }, requestId);
}

function modelResponse(id: string, requestId: string): Response {
  const model = describeModel(id);
  return model === undefined ? errorResponse(apiError(404, `model: ${id}`), requestId) : jsonResponse(model, requestId);
}

function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder().decode(bytes)) };
  } catch {
    return undefined;
  }
}
