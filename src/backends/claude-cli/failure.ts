import { GatewayError, type ErrorKind } from "#core/errors.ts";

import type { RateLimit } from "./lines.ts";

/** What the CLI let be known of a failure, from whichever lines said it. */
export interface Failure {
  /** The upstream's HTTP status, where there was one. */
  readonly status: number | null;
  /** The CLI's own word: `assistant.error`, `api_retry.error`. */
  readonly code: string | undefined;
  readonly message: string;
  readonly terminalReason: string | null;
  readonly rateLimit: RateLimit | undefined;
  /** How long the CLI waited before its last try; undefined when there was only one. */
  readonly retryDelayMs: number | undefined;
  /** Unix milliseconds, to turn a reset time into a wait. */
  readonly now: number;
}

const LOGIN_HINT = "Run `claude /login`, or set ANTHROPIC_API_KEY where ccproxy runs.";

const NO_LOGIN = "Claude Code is not logged in, or its credential was refused.";
export const LOGIN_NEEDED = `${NO_LOGIN} ${LOGIN_HINT}`;

const REACH_HINT = "Check the network where ccproxy runs, and ANTHROPIC_BASE_URL there.";

const KIND_OF_CODE: Readonly<Record<string, ErrorKind>> = {
  authentication_failed: "authentication",
  oauth_org_not_allowed: "permission",
  account_on_hold: "permission",
  billing_error: "billing",
  rate_limit: "rate-limit",
  overloaded: "overloaded",
  model_not_found: "model-not-found",
  invalid_request: "invalid-request",
  server_error: "upstream",
};

const KIND_OF_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: "invalid-request",
  401: "authentication",
  402: "billing",
  403: "permission",
  404: "model-not-found",
  408: "timeout",
  413: "request-too-large",
  422: "invalid-request",
  429: "rate-limit",
  504: "timeout",
  529: "overloaded",
};

/** Only these two say more than the status does: 2.1.x reports a full context as a plain 400. */
const KIND_OF_TERMINAL_REASON: Readonly<Record<string, ErrorKind>> = {
  prompt_too_long: "context-length",
  image_error: "request-too-large",
};

const HINTS: Partial<Record<ErrorKind, string>> = {
  authentication: LOGIN_HINT,
  "context-length": "Shorten the conversation or start a new one.",
  "model-not-found": "GET /v1/models lists the models there are; models.openai_names can stand for names of OpenAI's.",
  "rate-limit": "Send the request again when Retry-After has passed.",
  billing: "Check the plan or the credit of the account `claude` is logged in with.",
};

export function gatewayErrorOf(failure: Failure): GatewayError {
  const kind = kindOf(failure);
  return new GatewayError(kind, messageOf(failure, kind), {
    hint: isUnreached(failure) ? REACH_HINT : HINTS[kind],
    param: kind === "model-not-found" ? "model" : undefined,
    retryAfterSeconds: kind === "rate-limit" ? secondsToWait(failure) : undefined,
    upstreamStatus: failure.status ?? undefined,
    logged: messageOf({ ...failure, message: "" }, kind),
  });
}

function kindOf({ status, code, message, terminalReason, rateLimit }: Failure): ErrorKind {
  const byReason = KIND_OF_TERMINAL_REASON[terminalReason ?? ""];
  if (byReason !== undefined && (status === null || status === 400 || status === 413)) return byReason;
  if (/^prompt is too long/i.test(message)) return "context-length";
  if (rateLimit?.status === "rejected") return "rate-limit";
  const byStatus = status === null ? undefined : KIND_OF_STATUS[status];
  if (byStatus !== undefined) return byStatus;
  // 2.1.197 gives up on repeated 529s without saying the status.
  if (/\b529\b|overloaded/i.test(message)) return "overloaded";
  if (/timed out|idle timeout/i.test(message)) return "timeout";
  return KIND_OF_CODE[code ?? ""] ?? "upstream";
}

function messageOf({ message, status }: Failure, kind: ErrorKind): string {
  const said = message
    .replace(/^Failed to authenticate\. /, "")
    .replace(/^API Error: (?:\d{3}\b\.? ?)?/, "")
    // A page of a gateway's that is between.
    .replace(/^<.*>\.? ?/s, "")
    // Of what came packed and cannot be unpacked; the rest is an address and advice for its authors.
    .replace(/^(\w+Error) fetching .*/s, "What came from the model API could not be read ($1)")
    .replace(/ If it persists, check your inference gateway \([^)]*\)\.$/, "")
    .trim();
  if (kind === "model-not-found" && said !== "") return said.replace(/ Run --model to pick a different model\.$/, "");
  if (kind === "authentication") return NO_LOGIN;
  const sentence = /[.!?]$/.test(said) ? said : `${said}.`;
  if (isUnreached({ message, status })) return `Claude Code could not reach its model API: ${sentence}`;
  if (said !== "") return sentence;
  return status === null ? "The model API could not be reached." : `The model API answered with status ${status}.`;
}

/** In the words of 2.1.197, or of 2.1.329. */
function isUnreached({ message, status }: Pick<Failure, "message" | "status">): boolean {
  return (
    status === null && /\b(?:unable to connect|connection (?:refused|dropped)|can't reach)\b|certificate/i.test(message)
  );
}

/** 2.1.x gives up at once where it is told to wait for long, and does not say how long. */
const LONG_WAIT_SECONDS = 30;

/** Until the limit is reset; else as long as the upstream last asked for; else a guess. */
function secondsToWait({ rateLimit, retryDelayMs, now }: Failure): number {
  const resetsAt = rateLimit?.resetsAt ?? undefined;
  if (resetsAt !== undefined) return Math.max(1, Math.ceil(resetsAt - now / 1000));
  return retryDelayMs === undefined ? LONG_WAIT_SECONDS : Math.max(1, Math.ceil(retryDelayMs / 1000));
}
