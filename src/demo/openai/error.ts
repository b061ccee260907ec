import type { ApiError } from "#demo/api-error.ts";

interface Kind {
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
}

const invalid = "invalid_request_error";

/** What the API says to a status when nothing better is known. */
const kinds: Readonly<Record<number, Kind>> = {
  401: { type: invalid, code: "invalid_api_key", message: "Incorrect API key provided." },
  402: { type: "insufficient_quota", code: "insufficient_quota", message: "Insufficient balance." },
  403: { type: "permission_denied", code: null, message: "You have insufficient permissions for this operation." },
  404: { type: invalid, code: null, message: "The requested resource does not exist." },
  409: { type: invalid, code: null, message: "The resource was changed by another request." },
  413: { type: invalid, code: null, message: "The request body is too large." },
  429: { type: "requests", code: "rate_limit_exceeded", message: "Rate limit reached. Please try again later." },
  503: { type: "server_error", code: null, message: "The server is overloaded. Please try again later." },
  504: { type: "server_error", code: null, message: "The request timed out." },
};
const broken: Kind = { type: "server_error", code: null, message: "The server had an error processing your request." };
const refused: Kind = { type: invalid, code: null, message: "The request is not valid." };

const statuses: Readonly<Record<string, number>> = {
  context_length_exceeded: 400,
  invalid_api_key: 401,
  model_not_found: 404,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  overloaded: 503,
};

/** The one code that shares its status with another and yet is a type, with words of its own. */
const noQuota: Kind = {
  type: "insufficient_quota",
  code: "insufficient_quota",
  message: "You exceeded your current quota, please check your plan and billing details.",
};

/** The context window that `error 400 too-long` claims. */
const claimedWindow = 128_000;

export function errorBody(error: ApiError): object {
  const { type, code, message } = kindOf(error);
  return { error: { message, type, param: error.param ?? null, code } };
}

/** As an error is told in an answer of the Responses API, where it has no type. */
export function codeAndMessage(error: ApiError): { readonly code: string; readonly message: string } {
  const { code, message } = kindOf(error);
  return { code: code ?? "server_error", message };
}

/** The error that ends a stream, or with its status takes the place of a whole answer. */
export function failure(code = "server_error"): ApiError {
  return { status: statuses[code] ?? 500, type: code };
}

function kindOf(error: ApiError): Kind {
  if (error.type === "too-long") return tooLong(error);
  const { status, type: code, message } = error;
  const usual = code === noQuota.code ? noQuota : (kinds[status] ?? (status < 500 ? refused : broken));
  return { type: usual.type, code: code ?? usual.code, message: message ?? usual.message };
}

function tooLong({ message, inputTokens = 0 }: ApiError): Kind {
  const tokens = Math.max(inputTokens, claimedWindow + 1);
  const words = `This model's maximum context length is ${claimedWindow} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`;
  return { type: invalid, code: "context_length_exceeded", message: message ?? words };
}
