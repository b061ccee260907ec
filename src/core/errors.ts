/**
 * The closed set of ways a request can fail. A wire format maps each kind to its own status,
 * type and code; nothing else in the code base knows an API's error body.
 */
export type ErrorKind =
  /** The body, a header or a parameter is wrong. */
  | "invalid-request"
  /** The conversation does not fit the model's context window. */
  | "context-length"
  /** The caller (or the vendor's login behind us) is not authenticated. */
  | "authentication"
  | "billing"
  | "permission"
  /** No such route or resource. */
  | "not-found"
  | "model-not-found"
  | "method-not-allowed"
  | "conflict"
  /** A key that stands for one request came with another. */
  | "idempotency-mismatch"
  | "request-too-large"
  | "unsupported-media-type"
  /** The client asked for another protocol (WebSocket). */
  | "upgrade-refused"
  /** The vendor's limit, or our own admission queue is full. */
  | "rate-limit"
  /** Nothing answered in time. */
  | "timeout"
  /** The vendor answered with a fault of its own, or could not be reached or understood. */
  | "upstream"
  /** The vendor's answer, or one piece of it, is larger than is held in memory. */
  | "answer-too-large"
  /** The vendor is overloaded. */
  | "overloaded"
  /** What should answer cannot be started (CLI missing, shutting down). */
  | "unavailable"
  /** The client hung up or cancelled. */
  | "cancelled"
  /** A fault of ours. */
  | "internal";

export interface GatewayErrorOptions {
  /** The next action, one sentence, shown after the message. */
  readonly hint?: string | undefined;
  /** The request field at fault, as the client spelled it: `messages[2].content`. */
  readonly param?: string | undefined;
  /** Seconds after which a retry makes sense; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number | undefined;
  /** Nobody has been asked: a limit of ours stands before whoever would answer. */
  readonly isOurLimit?: true | undefined;
  /** HTTP status the upstream answered with, if it did. */
  readonly upstreamStatus?: number | undefined;
  /** Methods a `method-not-allowed` may name in `Allow`. */
  readonly allow?: readonly string[] | undefined;
  /** What the client's program goes by, where its wire format has a place for it. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** What a log says in place of the message, where that has the words of others: they may quote a prompt. */
  readonly logged?: string | undefined;
  readonly cause?: unknown;
}

/** The one error class. It travels as itself and is rendered once, by the client's wire format. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly kind: ErrorKind;
  readonly options: GatewayErrorOptions;

  constructor(kind: ErrorKind, message: string, options: GatewayErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.options = options;
  }

  /** The message with the next action behind it: what a client is shown. */
  get explanation(): string {
    return this.options.hint === undefined ? this.message : `${this.message} ${this.options.hint}`;
  }
}

/** The same in other words; itself where they are the same. */
export function renamed(error: GatewayError, rename: (said: string) => string): GatewayError {
  const { hint } = error.options;
  const [message, next] = [rename(error.message), hint && rename(hint)];
  if (message === error.message && next === hint) return error;
  return new GatewayError(error.kind, message, { ...error.options, hint: next });
}

/** Any thrown value as a GatewayError: ours untouched, an abort as `cancelled`, the rest `internal`. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof DOMException && thrown.name === "AbortError")
    return new GatewayError("cancelled", "The request was cancelled.", { cause: thrown });
  return new GatewayError("internal", "ccproxy failed to handle this request.", {
    hint: "Please report it with the request id; the log line has the cause.",
    cause: thrown,
  });
}
