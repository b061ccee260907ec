/** Why a turn failed, from what Codex says of it. */
import * as v from "valibot";

import { type ErrorKind, GatewayError } from "#core/errors.ts";
import { refusalError } from "#core/refusal.ts";
import { faultIn } from "#lib/fault-in.ts";
import { isRecord } from "#lib/is-record.ts";
import { looseObject } from "#lib/loose-object.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { redactText } from "#lib/redact.ts";

import { loginNeeded } from "./start-server.ts";

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
  // In words that speak of high demand, whatever it was (0.169).
  internalServerError: "upstream",
};

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

/** `rateLimits`: as they were last told. `now` in Unix milliseconds. */
export function failureOf(error: TurnError, rateLimits: unknown, now: number): GatewayError {
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

/** The upstream's HTTP status, where the vendor gave one. */
export function statusOf({ codexErrorInfo, message, additionalDetails }: TurnError): number | undefined {
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
  const message = error.message
    .replace(/^unexpected status \d{3} [^:]*: /, "")
    .replace(/, url: \S+(?:, (?:request id|cf-ray): [^,]+)*$/, "");
  return { status: statusOf(error), words: [], message: redactText(message.replaceAll(/\s+/g, " ").trim()) };
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
