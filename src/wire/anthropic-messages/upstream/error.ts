import * as v from "valibot";

import { type ErrorKind, GatewayError } from "#core/errors.ts";
import type { UpstreamRefusal } from "#core/upstream-format.ts";
import { retryAfterSeconds } from "#lib/retry-after.ts";
import { saidIn } from "#lib/said-in.ts";

import { errorEventSchema } from "./schema.ts";

const kindOfType: Readonly<Record<string, ErrorKind>> = {
  invalid_request_error: "invalid-request",
  authentication_error: "authentication",
  billing_error: "billing",
  permission_error: "permission",
  not_found_error: "model-not-found",
  conflict_error: "conflict",
  request_too_large: "request-too-large",
  rate_limit_error: "rate-limit",
  timeout_error: "timeout",
  overloaded_error: "overloaded",
};

const kindOfStatus: Readonly<Record<number, ErrorKind>> = {
  400: "invalid-request",
  401: "authentication",
  402: "billing",
  403: "permission",
  404: "model-not-found",
  408: "timeout",
  409: "conflict",
  413: "request-too-large",
  422: "invalid-request",
  429: "rate-limit",
  504: "timeout",
  529: "overloaded",
};

/** What the status says comes before what the body calls it: gateways put their own bodies on other statuses. */
export function decodeError({ status, headers, body, provider }: UpstreamRefusal): GatewayError {
  const said = v.safeParse(errorEventSchema, body);
  const { type, message } = said.success ? said.output.error : { type: "", message: "" };
  const text = message === "" ? saidIn(body) : message;
  const kind = isTooLong(text) ? "context-length" : (kindOfStatus[status] ?? kindOfType[type] ?? "upstream");
  return new GatewayError(kind, text === "" ? `${provider} answered with status ${status}.` : `${provider}: ${text}`, {
    hint: hints[kind]?.(provider),
    param: kind === "model-not-found" ? "model" : undefined,
    retryAfterSeconds: retryAfterSeconds(headers),
    upstreamStatus: status,
  });
}

const hints: Partial<Record<ErrorKind, (provider: string) => string>> = {
  authentication: (provider) => `Check the credential that ccproxy is configured with for ${provider}.`,
  billing: (provider) => `Check the plan or the credit of the account at ${provider}.`,
  "context-length": () => "Shorten the conversation or start a new one.",
  "model-not-found": () => "GET /v1/models lists the models there are.",
};

export function failedStream({ error }: v.InferOutput<typeof errorEventSchema>): GatewayError {
  const kind = isTooLong(error.message) ? "context-length" : (kindOfType[error.type] ?? "upstream");
  return new GatewayError(kind, error.message === "" ? "The upstream ended its answer with an error." : error.message);
}

function isTooLong(message: string): boolean {
  return /prompt is too long|exceed(?:s|ed)? (?:the )?(?:model's )?(?:maximum )?context/i.test(message);
}

/** For a stream that is over before its answer is. */
export function brokenOff(): GatewayError {
  return new GatewayError("upstream", "The connection to the model API was lost in the middle of the answer.", {
    hint: "Send the request again.",
  });
}

export function unreadable(data: string): GatewayError {
  return new GatewayError("upstream", "The model API answered with something that is no answer.", {
    hint: "Check that its base_url and wire_format are right.",
    cause: new Error(data.slice(0, 200)),
  });
}
