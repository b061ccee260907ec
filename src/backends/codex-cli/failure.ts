/** Why a turn failed, from what Codex says of it. */
import * as v from "valibot";

import { type ErrorKind, GatewayError } from "#core/errors.ts";
import { refusalError } from "#core/refusal.ts";
import { faultIn } from "#lib/fault-in.ts";
import { isRecord } from "#lib/is-record.ts";
import { looseObject } from "#lib/loose-object.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { redactText } from "#lib/redact.ts";
import { saidIn } from "#lib/said-in.ts";

import { keyNeeded, loginNeeded } from "./start-server.ts";

export const turnErrorSchema = looseObject({
  message: v.fallback(v.string(), ""),
  additionalDetails: v.fallback(v.nullish(v.string()), undefined),
  codexErrorInfo: v.optional(v.unknown()),
});
export type TurnError = v.InferOutput<typeof turnErrorSchema>;

const kindOfInfo: Readonly<Record<string, ErrorKind>> = {
  contextWindowExceeded: "context-length",
  sessionBudgetExceeded: "rate-limit",
  usageLimitExceeded: "rate-limit",
  rateLimitExceeded: "rate-limit",
  flexUnavailable: "overloaded",
  serverOverloaded: "overloaded",
  policyCapacityUnavailable: "overloaded",
  modelNotFound: "model-not-found",
  unauthorized: "authentication",
  cyberPolicy: "permission",
  misalignmentPolicyViolation: "permission",
  badRequest: "invalid-request",
  internalServerError: "upstream",
};

/** What it says where its provider gave no answer that says why (0.169), and what that means. */
const mishaps: readonly {
  readonly said: RegExp;
  readonly kind: ErrorKind;
  readonly message: (provider: string) => string;
  readonly hint: string;
}[] = [
  {
    // A name that is nobody's, a connection that is refused or breaks before an answer, a certificate: all the same words.
    said: /error sending request$/,
    kind: "upstream",
    message: (provider) => `Codex could not reach its provider ${provider}.`,
    hint: "Check the network where ccproxy runs, and that provider's base_url in Codex's config.toml.",
  },
  {
    said: /idle timeout waiting for SSE$/,
    kind: "timeout",
    message: (provider) => `Codex's provider ${provider} fell silent in the middle of its answer.`,
    hint: "Send the request again; stream_idle_timeout_ms of that provider in Codex's config.toml says how long is waited.",
  },
  {
    said: /stream closed before response\.completed$|UTF8 error: |Transport error: /,
    kind: "upstream",
    message: (provider) => `What Codex's provider ${provider} sent was no answer, or broke off before it was whole.`,
    hint: "Send the request again.",
  },
];

const hints: Partial<Record<ErrorKind, string>> = {
  "context-length": "Shorten the conversation or start a new one.",
  "model-not-found": "GET /v1/models lists the models there are.",
  "rate-limit": "Send the request again when Retry-After has passed.",
  billing: "Check the plan or the credit of the account that Codex is logged in with.",
};

interface Said {
  readonly status: number | undefined;
  readonly words: readonly string[];
  readonly message: string;
}

export interface Circumstances {
  /** Whom Codex asks, as its configuration calls them. */
  readonly provider: string;
  /** As they were last told. */
  readonly rateLimits: unknown;
  /** Unix milliseconds. */
  readonly now: number;
}

export function failureOf(error: TurnError, { provider, rateLimits, now }: Circumstances): GatewayError {
  const mishap = mishaps.find(({ said }) => said.test(error.message));
  if (mishap !== undefined)
    return new GatewayError(mishap.kind, mishap.message(provider), {
      hint: mishap.hint,
      cause: new Error(redactText(error.message)),
    });
  // Of a provider that the workspace's own settings name; the user's is seen at the start.
  const [, variable] = /Missing environment variable: `(\w+)`/.exec(error.message) ?? [];
  if (variable !== undefined) return keyNeeded(variable);
  const said = saidBy(error);
  const refusal = refusalError({ provider: "Codex", ...said });
  const kind = kindOfInfo[nameOf(error.codexErrorInfo)] ?? refusal.kind;
  if (kind === "authentication") return loginNeeded();
  return new GatewayError(kind, refusal.message, {
    hint: hints[kind],
    param: kind === "model-not-found" ? "model" : undefined,
    retryAfterSeconds: kind === "rate-limit" ? (untilReset(rateLimits, now) ?? LONG_WAIT_SECONDS) : undefined,
    upstreamStatus: said.status,
    logged: refusal.options.logged,
  });
}

export function tooLong(): GatewayError {
  return new GatewayError("context-length", "The conversation does not fit the model's context window.", {
    hint: "Shorten the conversation or start a new one.",
  });
}

/** For a provider that does not even begin to answer: Codex itself would wait for ever (0.169). */
export function tooLate(provider: string): GatewayError {
  return new GatewayError("timeout", `Codex's provider ${provider} did not begin to answer in time.`, {
    hint: "Send the request again; codex.response_timeout_seconds says how long is waited.",
  });
}

/** The upstream's HTTP status, where the vendor gave one. */
export function statusOf({ codexErrorInfo, message, additionalDetails }: TurnError): number | undefined {
  if (codexErrorInfo === "internalServerError") return 500;
  for (const info of isRecord(codexErrorInfo) ? Object.values(codexErrorInfo) : [])
    if (isRecord(info) && typeof info["httpStatusCode"] === "number") return info["httpStatusCode"];
  const said = /(?:unexpected|last) status:? (\d{3})\b/.exec(`${message}\n${additionalDetails ?? ""}`)?.[1];
  return said === undefined ? undefined : Number(said);
}

/** Either an error's name or an object with it as its one member. */
function nameOf(info: unknown): string {
  if (typeof info === "string") return info;
  return isRecord(info) ? (Object.keys(info)[0] ?? "") : "";
}

/** 0.169 gives the body of a 400 as it came, and of other refusals its message between words of its own. */
function saidBy(error: TurnError): Said {
  const body = parseJsonText(error.message);
  if (body !== undefined) {
    const { message, words, status } = faultIn(body);
    return { status: statusOf(error) ?? status ?? 400, words, message: redactText(message) };
  }
  // It speaks of high demand, whatever it was (0.169).
  if (error.codexErrorInfo === "internalServerError") return { status: 500, words: [], message: "" };
  const message = error.message
    .replace(/^stream disconnected before completion: /, "")
    .replace(/^unexpected status \d{3} [^:]*: /, "")
    .replace(/^exceeded retry limit, last status: .*/s, "")
    .replace(/, url: \S+(?:, (?:request id|cf-ray): [^,]+)*$/, "");
  return { status: statusOf(error), words: [], message: redactText(saidIn(message)) };
}

const LONG_WAIT_SECONDS = 30;

const windowSchema = v.nullish(looseObject({ usedPercent: v.number(), resetsAt: v.nullish(v.number()) }));
const limitsSchema = looseObject({ primary: windowSchema, secondary: windowSchema });

/** Until the last of the windows is over that are used up. */
function untilReset(rateLimits: unknown, now: number): number | undefined {
  const parsed = v.safeParse(limitsSchema, rateLimits);
  if (!parsed.success) return undefined;
  const { primary, secondary } = parsed.output;
  const resets = [primary, secondary].flatMap((window) =>
    window?.resetsAt != null && window.usedPercent >= 100 ? [window.resetsAt] : [],
  );
  return resets.length === 0 ? undefined : Math.max(1, Math.ceil(Math.max(...resets) - now / 1000));
}
