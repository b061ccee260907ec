import type { ApiError } from "#demo/api-error.ts";

const kinds: Readonly<Record<number, readonly [type: string, message: string]>> = {
  400: ["invalid_request_error", "The request is not valid."],
  401: ["authentication_error", "invalid x-api-key"],
  402: ["billing_error", "Your credit balance is too low to access the Anthropic API."],
  403: ["permission_error", "Your API key does not have permission to use the specified resource."],
  404: ["not_found_error", "The requested resource could not be found."],
  409: ["conflict_error", "The request conflicts with the state of the resource."],
  413: ["request_too_large", "Request exceeds the maximum size"],
  429: ["rate_limit_error", "This request would exceed your account's rate limit. Please try again later."],
  500: ["api_error", "Internal server error"],
  504: ["timeout_error", "The request timed out while it was processed."],
  529: ["overloaded_error", "Overloaded"],
};

/** The context window that `error 400 too-long` claims. */
const claimedWindow = 200_000;

export function errorBody(error: ApiError, requestId: string): object {
  const [usualType, usualMessage] = usual(error.status);
  if (error.type !== "too-long")
    return shaped(error.type ?? usualType, error.message ?? usualMessage, requestId, error.details);
  const tokens = Math.max(error.inputTokens ?? 0, claimedWindow + 1);
  const message = `prompt is too long: ${tokens} tokens > ${claimedWindow} maximum`;
  return shaped("invalid_request_error", error.message ?? message, requestId);
}

/** The error that ends a stream, or with its status takes the place of a whole answer. */
export function failure(type = "overloaded_error"): ApiError {
  const found = Object.entries(kinds).find(([, [known]]) => known === type);
  const message = `The demo upstream failed as it was told to (${type}).`;
  return {
    status: found === undefined ? 500 : Number(found[0]),
    type,
    ...(type !== "overloaded_error" && { message }),
  };
}

function shaped(type: string, message: string, requestId: string, details?: object): object {
  return { type: "error", error: { type, message, ...(details && { details }) }, request_id: requestId };
}

function usual(status: number): readonly [type: string, message: string] {
  return kinds[status] ?? kinds[status < 500 ? 400 : 500] ?? ["api_error", "Error"];
}
