import { type ErrorKind, GatewayError } from "#core/errors.ts";
import type { EncodedError } from "#core/wire-format.ts";

import type { MessageError } from "./schema.ts";

/** `retry: false` where a repeat cannot help: the SDKs would otherwise repeat every 5xx twice. */
interface Rendering {
  readonly status: number;
  readonly type: string;
  readonly retry?: false;
}

const renderings: Readonly<Record<ErrorKind, Rendering>> = {
  "invalid-request": { status: 400, type: "invalid_request_error" },
  "context-length": { status: 400, type: "invalid_request_error" },
  authentication: { status: 401, type: "authentication_error", retry: false },
  billing: { status: 402, type: "billing_error", retry: false },
  permission: { status: 403, type: "permission_error", retry: false },
  "not-found": { status: 404, type: "not_found_error" },
  "model-not-found": { status: 404, type: "not_found_error" },
  "method-not-allowed": { status: 405, type: "invalid_request_error" },
  conflict: { status: 409, type: "conflict_error" },
  "idempotency-mismatch": { status: 422, type: "invalid_request_error" },
  "request-too-large": { status: 413, type: "request_too_large" },
  "unsupported-media-type": { status: 415, type: "invalid_request_error" },
  "upgrade-refused": { status: 426, type: "invalid_request_error" },
  "rate-limit": { status: 429, type: "rate_limit_error" },
  cancelled: { status: 499, type: "request_cancelled" },
  internal: { status: 500, type: "api_error" },
  upstream: { status: 502, type: "api_error" },
  unavailable: { status: 503, type: "api_error", retry: false },
  timeout: { status: 504, type: "timeout_error", retry: false },
  "answer-too-large": { status: 502, type: "api_error" },
  overloaded: { status: 529, type: "overloaded_error" },
};

export function encodeError(error: GatewayError, requestId: string): EncodedError {
  const { retry } = renderings[error.kind];
  const { retryAfterSeconds, allow } = error.options;
  return {
    status: statusOf(error),
    headers: {
      "request-id": requestId,
      ...(retryAfterSeconds !== undefined && { "retry-after": String(Math.ceil(retryAfterSeconds)) }),
      ...(retryAfterSeconds === undefined && retry === false && { "x-should-retry": "false" }),
      ...(allow !== undefined && { allow: allow.join(", ") }),
    },
    body: errorBody(error, requestId),
  };
}

/** A vendor's own fault keeps the status its API documents; 502 says that nothing could be made of what came. */
function statusOf({ kind, options: { upstreamStatus } }: GatewayError): number {
  return kind === "upstream" && (upstreamStatus === 500 || upstreamStatus === 503)
    ? upstreamStatus
    : renderings[kind].status;
}

/** The frame that ends a stream which failed. No `message_stop` follows: that would read as a clean end. */
export function encodeErrorFrame(error: GatewayError, requestId: string): string {
  return `event: error\ndata: ${JSON.stringify(errorBody(error, requestId))}\n\n`;
}

function errorBody(error: GatewayError, requestId: string): MessageError {
  const { type } = renderings[error.kind];
  const { details } = error.options;
  const explained = { type, message: error.explanation, ...(details !== undefined && { details }) };
  return { type: "error", error: explained, request_id: requestId };
}

/** A 400 that names the field: `path` as the client wrote it, `explanation` what was expected and what came. */
export function invalidField(path: string, explanation: string, hint?: string): GatewayError {
  const subject = path === "" ? "The request body" : path;
  const param = path === "" ? undefined : path;
  return new GatewayError("invalid-request", `${subject}: ${explanation}.`, { param, hint });
}
