import type { ErrorFault } from "#demo/script/script-types.ts";

/** An HTTP error answer in the API's own shape. */
export interface ApiError {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

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

export function apiError(status: number, message?: string, type?: string): ApiError {
  const [usualType, usualMessage] = kinds[status] ?? (status < 500 ? kinds[400] : kinds[500]) ?? ["api_error", "Error"];
  return { status, type: type ?? usualType, message: message ?? usualMessage, headers: {} };
}

export function errorOfFault(fault: ErrorFault, inputTokens: number): ApiError {
  const { status, errorType, message, retryAfterSeconds, shouldRetry } = fault;
  const tooLong = errorType === "too-long";
  const tokens = Math.max(inputTokens, claimedWindow + 1);
  const usual = tooLong ? `prompt is too long: ${tokens} tokens > ${claimedWindow} maximum` : undefined;
  return {
    ...apiError(status, message ?? usual, tooLong ? "invalid_request_error" : errorType),
    headers: {
      ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
      ...(shouldRetry !== undefined && { "x-should-retry": shouldRetry }),
    },
  };
}

/** The status the API would have given this error type, had it come before the first byte. */
export function statusOfType(type: string): number {
  const found = Object.entries(kinds).find(([, [known]]) => known === type);
  return found === undefined ? 500 : Number(found[0]);
}

export function errorBody(type: string, message: string, requestId: string): object {
  return { type: "error", error: { type, message }, request_id: requestId };
}
