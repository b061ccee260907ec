import type { RelayContext, RelayedAnswer, RelayedRequest } from "#core/backend.ts";
import type { ModelEvent } from "#core/events.ts";
import { unreadable } from "#core/refusal.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { createSseParser, type SseFrame, type SseParser } from "#lib/sse.ts";
import { bytesOf, chunksOf } from "#upstream/read-body.ts";
import type { UpstreamAnswer } from "#upstream/upstream.ts";

import { askingForUsage, withoutUsage } from "./ask-for-usage.ts";
import type { Dialect } from "./dialect.ts";
import { type Endpoint, endpointFor } from "./endpoint.ts";
import { accountOfPath, accountOfTurn, rememberAnswer } from "./kept-responses.ts";
import { refusesKey } from "./key-refusal.ts";
import { lastFrames } from "./last-frames.ts";
import { named, namedIn } from "./named.ts";
import type { HttpApiOptions } from "./options.ts";
import { answerHeaders, requestHeaders } from "./relayed-headers.ts";
import { refusalIn, refusalOf } from "./send.ts";

/** Passes bytes on in both directions, and reads along what they cost. */
export async function relay(...asked: Parameters<typeof passOn>): Promise<RelayedAnswer> {
  const [options] = asked;
  try {
    return await passOn(...asked);
  } catch (thrown) {
    throw named(thrown, options);
  }
}

async function passOn(options: HttpApiOptions, request: RelayedRequest, context: RelayContext): Promise<RelayedAnswer> {
  const endpoint = endpointFor(options, request.wireFormat);
  const { dialect, root } = endpoint;
  const { signal, principal } = context;
  const isTurn = asksModel(request, dialect);
  const body = isTurn && options.asksForUsage ? askingForUsage(request) : request.body;
  const sent = await options.upstream.send({
    url: root + dialect.pathOf(request.path),
    method: request.method,
    headers: { ...dialect.headers, ...requestHeaders(request.headers), ...options.headers },
    body,
    authorize: dialect.authorize,
    refusesKey,
    ...accountFor(options, request, { context, isTurn }),
    signal,
    onRetry: (again) => context.report({ retries: again }),
  });
  const { response, retries, account } = sent;
  const note = (event: ModelEvent) => {
    if (isTurn && event.type === "start")
      rememberAnswer(options, request, { principal, id: event.responseId, account });
    context.note(namedIn(event, options));
  };
  context.report({ retries });
  const { status, headers } = response;
  // Its client would follow it, with what lets the client in here.
  if (status >= 300 && status < 400) throw await refusalOf(options, endpoint, sent, signal);
  const passed = { status, headers: answerHeaders(headers) };
  const limits = { idleTimeoutMs: options.idleTimeoutMs, signal };
  const type = headers.get("content-type") ?? "";
  const isAnswer = response.ok && isTurn;
  if (isAnswer && type.includes("text/event-stream")) {
    const watching = { ...options, endpoint, hidesUsage: body !== request.body };
    return { ...passed, body: streamOf(chunksOf(response, limits), watching, note) };
  }
  if (response.ok && !isAnswer && !isHeld(headers)) return { ...passed, body: chunksOf(response, limits) };
  const answer = await bytesOf(sent, { ...limits, mostBytes: options.mostHeldBytes });
  if (!response.ok) return { ...passed, body: refused(answer, { options, endpoint, sent, note }) };
  const text = new TextDecoder().decode(answer);
  if (isAnswer) noteAnswer(text, endpoint, note);
  return { ...passed, body: answer };
}

interface Refused {
  readonly options: HttpApiOptions;
  readonly endpoint: Endpoint;
  readonly sent: UpstreamAnswer;
  readonly note: RelayContext["note"];
}

/** Its body, without the key that some servers repeat. */
function refused(answer: Uint8Array<ArrayBuffer>, { options, endpoint, sent, note }: Refused): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(answer);
  note({ type: "error", error: refusalIn(options, endpoint, sent, text) });
  const told = sent.conceal?.(text) ?? text;
  return told === text ? answer : new TextEncoder().encode(told);
}

/** Which of several is asked, as far as that matters. */
function accountFor(
  options: HttpApiOptions,
  { json, path }: RelayedRequest,
  { context, isTurn }: { readonly context: RelayContext; readonly isTurn: boolean },
) {
  const { principal } = context;
  // What counts or shortens a conversation may go on from a response, too.
  return isTurn || json !== undefined
    ? { affinity: options.affinity.ofTurn(context, json), account: accountOfTurn(options, principal, json) }
    : { affinity: options.affinity.ofResource(context), account: accountOfPath(options, principal, path) };
}

/** The other endpoints of an API answer with lists, files and streams of their own. */
function asksModel({ method, path }: RelayedRequest, { pathOf, path: asked }: Dialect): boolean {
  const [place = ""] = path.split("?", 1);
  return method === "POST" && pathOf(place.replace(/\/$/, "")) === asked;
}

/** Beside answers of models: a list, whose end may still turn into an error; what is long passes as it comes. */
function isHeld(headers: Headers): boolean {
  const type = headers.get("content-type") ?? "";
  const length = Number(headers.get("content-length") ?? 0);
  return type.includes("json") && !/jsonl|ndjson/.test(type) && length <= longestList;
}

const longestList = 1024 * 1024;

/** Throws GatewayError for what is no JSON: a page of some other server, or half an answer. */
function noteAnswer(text: string, { dialect: { format } }: Endpoint, note: RelayContext["note"]): void {
  const answer = parseJsonText(text);
  if (answer === undefined) throw unreadable(text);
  const told = format.summaryOf(answer);
  for (const event of told.length > 0 ? told : format.decodeResponse(answer)) note(event);
}

interface Watching extends Pick<HttpApiOptions, "mostHeldBytes" | "id" | "title"> {
  readonly endpoint: Endpoint;
  /** Its client did not ask for it. */
  readonly hidesUsage: boolean;
}

function streamOf(chunks: AsyncIterable<Uint8Array>, watching: Watching, note: RelayContext["note"]) {
  const watched = watchedStream(chunks, watching, note);
  return watching.hidesUsage ? withoutUsage(watched) : watched;
}

/** Reads along behind the bytes: none waits for it. Throws GatewayError where the answer is over before its end. */
async function* watchedStream(
  chunks: AsyncIterable<Uint8Array>,
  watching: Watching,
  note: RelayContext["note"],
): AsyncGenerator<Uint8Array> {
  const { endpoint, mostHeldBytes } = watching;
  const { format } = endpoint.dialect;
  // A frame that does not end passes as any other, but then nobody reads along any more.
  let parser: SseParser | undefined = createSseParser();
  const decoder = format.createStreamDecoder("telling");
  let isWhole = false;
  const tell = (event: ModelEvent) => {
    isWhole ||= event.type === "finish";
    note(event);
  };
  const read = ({ data }: SseFrame) => {
    if (format.isTelling(data)) decoder.decode(data).forEach(tell);
  };
  try {
    for await (const chunk of chunks) {
      yield chunk;
      parser?.push(chunk).forEach(read);
      if (parser && parser.held() > mostHeldBytes) parser = undefined;
    }
  } catch (thrown) {
    // The client has it all.
    if (!isWhole) throw named(thrown, watching);
  }
  if (parser === undefined) return;
  const last = lastFrames(parser);
  last.forEach(read);
  for (const event of decoder.end()) {
    if (event.type === "error") throw named(event.error, watching);
    tell(event);
  }
  // Its client may well hold to the standard, and would not read it.
  if (last.length > 0) yield new TextEncoder().encode("\n\n");
}
