import type { ErrorFault } from "./script/script-types.ts";

/** An HTTP error answer, before an API gives it its shape; what is not set is what the API says to this status. */
export interface ApiError {
  readonly status: number;
  /** Anthropic's `type`, OpenAI's `code`, or `too-long`. */
  readonly type?: string | undefined;
  readonly message?: string | undefined;
  /** The field at fault, where the API names it. */
  readonly param?: string | undefined;
  /** What the request counts for, where its length is at fault. */
  readonly inputTokens?: number | undefined;
  /** What a program reads of it, in Anthropic's. */
  readonly details?: object | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export function errorOfFault(fault: ErrorFault, inputTokens: number | undefined): ApiError {
  const { status, errorType: type, message, retryAfterSeconds, shouldRetry } = fault;
  return {
    status,
    type,
    message,
    inputTokens,
    headers: {
      ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
      ...(shouldRetry !== undefined && { "x-should-retry": shouldRetry }),
    },
  };
}
