/** Passes an upstream's answer on to a client that speaks its language. */
import { type GatewayError, toGatewayError } from "#core/errors.ts";
import type { WireFormatId } from "#core/request.ts";
import type { RequestOutline } from "#core/wire-format.ts";
import type { Call, Relayed } from "#gateway/types.ts";

import type { Exchange } from "./exchange.ts";
import { withOwnUrls } from "./own-urls.ts";
import type { Services } from "./route.ts";
import { countedChunks } from "./sse-response.ts";

export interface Sent {
  readonly call: Call;
  readonly body?: Uint8Array | undefined;
  /** Of a request that a model is to answer. */
  readonly json?: unknown;
  readonly outline?: RequestOutline;
  /** The exchange's own, where it says nothing else. */
  readonly format?: WireFormatId;
}

const noOutline: RequestOutline = {
  model: undefined,
  stream: false,
  hasTools: false,
  thinks: false,
  namesSession: false,
};

/** undefined for a request that has to be read here. */
export async function relay(
  exchange: Exchange,
  { gateway }: Services,
  { call, body, json, outline = noOutline, format = exchange.wireFormat.id }: Sent,
): Promise<Response | undefined> {
  const { method, headers } = exchange.request;
  const path = targetOf(exchange);
  const relayed = await gateway.relay({ wireFormat: format, method, path, headers, body, json, outline }, call);
  if (relayed === undefined) return undefined;
  exchange.runs(relayed.head);
  const { status, headers: said, body: answer } = relayed;
  if (answer instanceof Uint8Array) {
    tellEnding(exchange, relayed);
    const told = batches.test(path) ? withOwnUrls(answer, addressOf(exchange)) : answer;
    said.set("content-length", `${told.byteLength}`);
    return new Response(told, { status, headers: said });
  }
  const isStream = said.get("content-type")?.includes("text/event-stream") === true;
  if (isStream) said.set("x-accel-buffering", "no");
  exchange.handOverToStream();
  const parts = passedOn(exchange, relayed, { answer, isStream });
  return new Response(countedChunks(exchange, parts, status), { status, headers: said });
}

function tellEnding(exchange: Exchange, { ending }: Relayed): void {
  const { reason, error } = ending();
  if (reason !== undefined) exchange.finished(reason);
  if (error !== undefined) exchange.failed(error);
}

/** From the version of the API on, with the query as it was written. */
function targetOf({ path, request }: Exchange): string {
  const query = request.url.indexOf("?");
  return path.slice(Math.max(0, path.indexOf("/v1/"))) + (query === -1 ? "" : request.url.slice(query));
}

const batches = /^\/v1\/messages\/batches\b/;

/** What stands before the version of the API in the address that the client asked at. */
function addressOf({ path, request: { url, headers } }: Exchange): string {
  const prefix = path.slice(0, path.indexOf("/v1/"));
  const asked = URL.parse(url);
  // An old client that names no host.
  if (asked === null) return prefix;
  const scheme = headers.get("x-forwarded-proto") === "https" ? "https:" : asked.protocol;
  return `${scheme}//${asked.host}${prefix}`;
}

async function* passedOn(
  exchange: Exchange,
  relayed: Relayed,
  { answer, isStream }: { readonly answer: AsyncIterable<Uint8Array>; readonly isStream: boolean },
): AsyncGenerator<Uint8Array> {
  let hasBegun = false;
  try {
    for await (const chunk of answer) {
      hasBegun = true;
      yield chunk;
    }
    tellEnding(exchange, relayed);
  } catch (thrown) {
    const error = exchange.cancelledBy ?? toGatewayError(thrown);
    exchange.failed(error);
    // Half a JSON text has no place for it: the connection breaks off.
    if (!isStream) throw error;
    if (exchange.isHeard) yield new TextEncoder().encode(failure(exchange, error, hasBegun));
  }
}

/** Behind whatever was cut in its middle, and without the frames that begin a stream. */
function failure({ wireFormat, requestId, record }: Exchange, error: GatewayError, hasBegun: boolean): string {
  const encoder = wireFormat.createStreamEncoder({ requestId, includeUsage: false, createdAt: record.receivedAt });
  const frames = encoder.encode({ type: "error", error });
  return hasBegun ? `\n\n${frames.trimEnd().split("\n\n").at(-1) ?? ""}\n\n` : frames;
}
