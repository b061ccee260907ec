import { parseJsonText } from "#lib/parse-json-text.ts";

import { anthropicMessages } from "./anthropic/index.ts";
import type { ApiError } from "./api-error.ts";
import { credentialsOf, safeHeaders } from "./credential.ts";
import { orderedError } from "./director.ts";
import type { Reply } from "./director.ts";
import { replyTo } from "./endpoints.ts";
import type { Asking, Shelves } from "./endpoints.ts";
import type { Format } from "./format.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiResponses } from "./openai-responses/index.ts";
import type { Orders } from "./orders.ts";
import type { Endpoint, Place } from "./place.ts";
import { readPlace } from "./place.ts";
import type { Recorder } from "./recorder.ts";
import { respond } from "./respond.ts";

export interface ApiParts extends Shelves {
  readonly recorder: Recorder;
  readonly orders: Orders;
}

/** What the real API refuses a body beyond. */
const maxBodyBytes = 32 * 1024 * 1024;

/** Answers any path of the APIs, and records that it was asked. */
export async function answerApi(request: Request, parts: ApiParts): Promise<Response> {
  const url = new URL(request.url);
  // The client may hang up while it still sends; then nobody hears the answer.
  const sent = await request.bytes().catch(() => new Uint8Array());
  const bytes = sent.length > maxBodyBytes ? new Uint8Array() : sent;
  const body = parseJsonText(new TextDecoder().decode(bytes));
  const record = parts.recorder.open(request, `${url.pathname}${url.search}`, body, bytes);
  const abort = (): void => record.end("aborted");
  request.signal.addEventListener("abort", abort, { once: true });
  if (request.signal.aborted) abort();
  const place = readPlace(url.pathname);
  const format = formatOf(place, request.headers);
  const credentials = credentialsOf(request.headers);
  const ordered = parts.orders.next(url.pathname, credentials);
  const order = { ...ordered, quirks: [...place.quirks, ...ordered.quirks] };
  const asking: Asking = {
    method: request.method,
    url,
    place,
    format,
    body,
    bytes,
    contentType: request.headers.get("content-type") ?? "",
    account: Object.values(credentials).join(" "),
    headers: safeHeaders(request.headers),
    order,
  };
  const error = orderedError(order) ?? (bytes === sent ? problemOf(asking, request.headers) : { status: 413 });
  const reply: Reply = error === undefined ? await replyTo(asking, parts) : { step: order, outcome: { error } };
  return respond(reply, { format, record, signal: request.signal });
}

/** Any credential will do, but one must be there, as the APIs require. */
function problemOf({ format, place, method, body, order }: Asking, headers: Headers): ApiError | undefined {
  if (place.problem !== undefined) return { status: 400, message: `demo upstream: ${place.problem}` };
  const stranger = order.quirks.includes("no-key") ? undefined : format.problemOfCredential(headers);
  if (stranger !== undefined) return stranger;
  return method === "POST" && body === undefined && takesJson.has(place.endpoint) ? format.notJson : undefined;
}

const takesJson: ReadonlySet<Endpoint> = new Set<Endpoint>([
  "messages",
  "count-tokens",
  "batches",
  "chat",
  "responses",
  "responses-tokens",
]);

function formatOf({ api }: Place, headers: Headers): Format {
  switch (api) {
    case "openai-chat":
      return openaiChat;
    case "openai-responses":
      return openaiResponses;
    case "anthropic-messages":
      return anthropicMessages;
    case undefined:
      return headers.has("anthropic-version") || headers.has("x-api-key") ? anthropicMessages : openaiChat;
  }
}
