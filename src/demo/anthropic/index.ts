/** Anthropic's messages API as the demo speaks it. */
import type { ApiError } from "#demo/api-error.ts";
import type { Format, Reading, Root } from "#demo/format.ts";
import type { MessagesRequest } from "#demo/request.ts";
import { parseMessagesRequest } from "#demo/request.ts";

import { problemOfConversation } from "./check.ts";
import { errorBody, failure } from "./error.ts";
import { isKnownModel, problemOfSampling } from "./models.ts";
import { messageWriter } from "./stream.ts";
import { problemOfTools } from "./tools.ts";

export const anthropicMessages: Format = {
  read,
  errorBody,
  failure,
  headers: (requestId) => ({ "request-id": requestId }),
  problemOfCredential: (headers) =>
    headers.has("x-api-key") || headers.has("authorization")
      ? undefined
      : { status: 401, message: "x-api-key header is required" },
  notJson: { status: 400, message: "The request body is not valid JSON." },
  notFound: () => ({ status: 404, message: "Not found" }),
  notAllowed: () => ({ status: 405, message: "Method Not Allowed" }),
};

function read(body: unknown, root: Root): Reading {
  const parsed = parseMessagesRequest(body);
  if ("problem" in parsed) return { problem: { status: 400, message: parsed.problem } };
  const problem = problemOf(parsed.value, root);
  return problem === undefined ? { asked: withFormat(parsed.value), writer: messageWriter } : { problem };
}

/** A schema for the answer, also where the beta had it. */
function withFormat(request: MessagesRequest): MessagesRequest {
  const { output_config: config, output_format: format } = request;
  return format ? { ...request, output_config: { format, ...config } } : request;
}

function problemOf(request: MessagesRequest, root: Root): ApiError | undefined {
  if (request.thread) return noThreads;
  if (!isKnownModel(request.model, root)) return { status: 404, message: `model: ${request.model}` };
  const message = problemOfConversation(request.messages) ?? problemOfSampling(request) ?? problemOfTools(request);
  return message === undefined ? undefined : { status: 400, message };
}

/** Nothing is kept here; told so in these words, the SDKs' tool runners send the whole conversation. */
const noThreads: ApiError = {
  status: 400,
  message: "thread: this model keeps no conversations.",
  details: { error_code: "thread_unsupported_request", unsupported: ["thread"] },
};
