import { type ErrorKind, GatewayError } from "#core/errors.ts";
import type { EncodedError } from "#core/wire-format.ts";

import type { ChatError } from "./schema.ts";

/** `retry: false` where a repeat cannot help: the SDKs would otherwise repeat every 5xx twice. */
interface Rendering {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly retry?: false;
}

const renderings: Readonly<Record<ErrorKind, Rendering>> = {
  "invalid-request": { status: 400, type: "invalid_request_error", code: null },
  "context-length": { status: 400, type: "invalid_request_error", code: "context_length_exceeded" },
  authentication: { status: 401, type: "invalid_request_error", code: "invalid_api_key", retry: false },
  billing: { status: 402, type: "insufficient_quota", code: "insufficient_quota", retry: false },
  permission: { status: 403, type: "permission_denied", code: "permission_denied", retry: false },
  "not-found": { status: 404, type: "invalid_request_error", code: "not_found" },
  "model-not-found": { status: 404, type: "invalid_request_error", code: "model_not_found" },
  "method-not-allowed": { status: 405, type: "invalid_request_error", code: "method_not_allowed" },
  conflict: { status: 409, type: "invalid_request_error", code: "conflict" },
  "idempotency-mismatch": { status: 422, type: "invalid_request_error", code: "idempotency_mismatch" },
  "request-too-large": { status: 413, type: "invalid_request_error", code: "request_too_large" },
  "unsupported-media-type": { status: 415, type: "invalid_request_error", code: "unsupported_media_type" },
  "upgrade-refused": { status: 426, type: "invalid_request_error", code: "upgrade_refused" },
  "rate-limit": { status: 429, type: "requests", code: "rate_limit_exceeded" },
  cancelled: { status: 499, type: "request_cancelled", code: "cancelled" },
  internal: { status: 500, type: "server_error", code: "internal_error" },
  upstream: { status: 502, type: "server_error", code: "upstream_error" },
  unavailable: { status: 503, type: "server_error", code: "unavailable", retry: false },
  "answer-too-large": { status: 502, type: "server_error", code: "answer_too_large" },
  overloaded: { status: 503, type: "server_error", code: "overloaded" },
  timeout: { status: 504, type: "timeout", code: "timeout", retry: false },
};

export function encodeError(error: GatewayError, requestId: string): EncodedError {
  const { retry } = renderings[error.kind];
  const { retryAfterSeconds, allow } = error.options;
  return {
    status: statusOf(error),
    headers: {
      "x-request-id": requestId,
      ...(retryAfterSeconds !== undefined && { "retry-after": String(Math.ceil(retryAfterSeconds)) }),
      ...(retryAfterSeconds === undefined && retry === false && { "x-should-retry": "false" }),
      ...(allow !== undefined && { allow: allow.join(", ") }),
    },
    body: errorBody(error),
  };
}

/** A vendor's own fault keeps the status its API documents; 502 says that nothing could be made of what came. */
function statusOf({ kind, options: { upstreamStatus } }: GatewayError): number {
  return kind === "upstream" && (upstreamStatus === 500 || upstreamStatus === 503)
    ? upstreamStatus
    : renderings[kind].status;
}

/** The frame that ends a stream which failed. No `[DONE]` follows: that would read as a clean end. */
export function encodeErrorFrame(error: GatewayError): string {
  return `data: ${JSON.stringify(errorBody(error))}\n\n`;
}

function errorBody(error: GatewayError): ChatError {
  const { type, code } = renderings[error.kind];
  return { error: { message: error.explanation, type, param: error.options.param ?? null, code } };
}

/** A 400 that names the field: `path` as the client wrote it, `explanation` what was expected and what came. */
export function invalidField(path: string, explanation: string, hint?: string): GatewayError {
  const subject = path === "" ? "The request body" : path;
  const param = path === "" ? undefined : path;
  return new GatewayError("invalid-request", `${subject}: ${explanation}.`, { param, hint });
}
