/** Why an upstream refuses, or breaks off, whichever of the many servers that speak one API it is. */
import { type ErrorKind, GatewayError } from "./errors.ts";

export interface Refusal {
  /** Who answered, as in a sentence; undefined where that is not known any more. */
  readonly provider?: string;
  /** Where the credential is kept that was presented. */
  readonly credential?: string | undefined;
  readonly status: number | undefined;
  /** The server's own names for what is wrong: codes, types, states. */
  readonly words: readonly string[];
  /** In a sentence; empty where nothing is said. */
  readonly message: string;
  readonly retryAfterSeconds?: number | undefined;
}

const kindOfStatus: Readonly<Record<number, ErrorKind>> = {
  400: "invalid-request",
  401: "authentication",
  402: "billing",
  403: "permission",
  404: "not-found",
  408: "timeout",
  409: "conflict",
  413: "request-too-large",
  422: "invalid-request",
  429: "rate-limit",
  504: "timeout",
  529: "overloaded",
};

const kindOfWord: Readonly<Record<string, ErrorKind>> = {
  invalid_request_error: "invalid-request",
  invalid_prompt: "invalid-request",
  not_found_error: "not-found",
  conflict_error: "conflict",
  request_too_large: "request-too-large",
  timeout_error: "timeout",
  billing_error: "billing",
  invalid_api_key: "authentication",
  authentication_error: "authentication",
  permission_error: "permission",
  permission_denied: "permission",
  rate_limit_exceeded: "rate-limit",
  rate_limit_error: "rate-limit",
  timeout: "timeout",
  overloaded: "overloaded",
  overloaded_error: "overloaded",
  server_is_overloaded: "overloaded",
  // Of Google's API.
  INVALID_ARGUMENT: "invalid-request",
  UNAUTHENTICATED: "authentication",
  PERMISSION_DENIED: "permission",
  RESOURCE_EXHAUSTED: "rate-limit",
  DEADLINE_EXCEEDED: "timeout",
};

/** What says more than the status it comes with, which several causes share. */
const tellingCauses: readonly {
  readonly kind: ErrorKind;
  readonly said: RegExp;
  readonly with: (status: number) => boolean;
}[] = [
  {
    kind: "context-length",
    said: /context_length_exceeded|exceed_context_size|context (?:length|window|size)|(?:prompt|input) is too long|token count.*exceeds/i,
    with: (status) => [400, 413, 422, 500].includes(status),
  },
  {
    // Gemini's word for a wrong key.
    kind: "authentication",
    said: /^API key not valid/m,
    with: (status) => status === 400,
  },
  {
    kind: "billing",
    said: /insufficient_quota|billing|insufficient (?:balance|credits|funds)/i,
    with: (status) => [400, 402, 403, 429].includes(status),
  },
  {
    kind: "model-not-found",
    said: /model_not_found|model\b.*(?:not (?:found|exist|a valid)|does not exist)|not a valid model|no endpoints found/i,
    with: (status) => status === 400 || status === 404,
  },
  {
    kind: "overloaded",
    said: /overload|at capacity|high demand|busy/i,
    with: (status) => status === 503,
  },
];

const hints: Partial<Record<ErrorKind, (provider: string, credential: string | undefined) => string>> = {
  authentication: (provider, credential) =>
    `Check the credential that ccproxy is configured with for ${provider}${credential === undefined ? "" : ` (${credential})`}.`,
  billing: (provider) => `Check the plan or the credit of the account at ${provider}.`,
  "not-found": (provider) => `Check the base_url and wire_format that ccproxy is configured with for ${provider}.`,
  "context-length": () => "Shorten the conversation or start a new one.",
  "model-not-found": () => "GET /v1/models lists the models there are.",
};

export function refusalError(refusal: Refusal): GatewayError {
  const { provider, status, message } = refusal;
  const kind = kindOf(refusal);
  const sentence = /[.!?…]$/.test(message) ? message : `${message}.`;
  const said = message === "" ? nothingSaid(refusal) : provider === undefined ? sentence : `${provider}: ${sentence}`;
  return new GatewayError(kind, said, {
    hint: hints[kind]?.(provider ?? "the model API", refusal.credential),
    param: kind === "model-not-found" ? "model" : undefined,
    retryAfterSeconds: refusal.retryAfterSeconds ?? waitIn(message),
    upstreamStatus: status,
    logged: nothingSaid(refusal),
  });
}

function kindOf({ status, words, message }: Refusal): ErrorKind {
  const said = [...words, message].join("\n");
  const telling = tellingCauses.find((cause) => (status === undefined || cause.with(status)) && cause.said.test(said));
  if (telling !== undefined) return telling.kind;
  const byStatus = status === undefined ? undefined : kindOfStatus[status];
  return byStatus ?? words.map((word) => kindOfWord[word]).find((kind) => kind !== undefined) ?? "upstream";
}

/** The names of errors are the server's own; whatever looks like more than a name is not told. */
function nothingSaid({ provider, status, words }: Refusal): string {
  const names = words.filter((word) => /^[a-z][\w.-]{0,60}$/i.test(word));
  const named = names.length === 0 ? "" : ` (${names.join(", ")})`;
  return status === undefined
    ? `${provider ?? "The upstream"} ended its answer with an error${named}.`
    : `${provider ?? "The upstream"} answered with status ${status}${named}.`;
}

/** Servers without the header for it put it into words: `Please retry in 34.07s.` */
function waitIn(message: string): number | undefined {
  const [, minutes = "0", amount = "", unit] =
    /(?:try again|retry) in (?:(\d+)m)?(\d+(?:\.\d+)?)(ms|s)/i.exec(message) ?? [];
  if (amount === "") return undefined;
  return Number(minutes) * 60 + (unit === "ms" ? Number(amount) / 1000 : Number(amount));
}

/** For a stream that is over before its answer is. */
export function brokenOff(): GatewayError {
  return new GatewayError("upstream", "The connection to the model API was lost in the middle of the answer.", {
    hint: "Send the request again.",
  });
}

/** For what was to be an answer, or a piece of one. */
export function unreadable(data: string): GatewayError {
  return new GatewayError("upstream", "The model API answered with something that is no answer.", {
    hint: "Check providers.*.base_url (a web page comes from a wrong address or path), then its wire_format.",
    cause: new Error(looksOf(data)),
  });
}

/** For the log: words of the answer, or of what was asked, may stand in it, but for the name of a tag it begins with. */
function looksOf(data: string): string {
  const [beginning] = /^(?:<[!?]?\w{1,20}|\S?)/.exec(data.trimStart()) ?? [""];
  return `${data.length} characters that begin with ${JSON.stringify(beginning)}`;
}
