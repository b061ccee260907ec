import type { RelayContext, RelayedAnswer, RelayedRequest } from "#core/backend.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { createSseParser } from "#lib/sse.ts";
import { chunksOf } from "#upstream/read-body.ts";

import { type Endpoint, endpointFor } from "./endpoint.ts";
import type { HttpApiOptions } from "./options.ts";
import { answerHeaders, requestHeaders } from "./relayed-headers.ts";
import { refusalIn } from "./send.ts";

/** Passes bytes on in both directions, and reads along what they cost. */
export async function relay(
  options: HttpApiOptions,
  request: RelayedRequest,
  context: RelayContext,
): Promise<RelayedAnswer> {
  const endpoint = endpointFor(options, request.wireFormat);
  const { dialect, root } = endpoint;
  const { principal, session, signal } = context;
  const { response, retries } = await options.upstream.send({
    url: root + dialect.pathOf(request.path),
    method: request.method,
    headers: { ...dialect.headers, ...requestHeaders(request.headers), ...options.headers },
    body: request.body,
    authorize: dialect.authorize,
    affinity: session && `${principal} ${session.id}`,
    signal,
  });
  context.report({ retries });
  const { status, headers } = response;
  const chunks = chunksOf(response, { idleTimeoutMs: options.idleTimeoutMs, signal });
  const tap = response.ok ? tapFor(response, endpoint, context) : refusalTap(options, endpoint, response, context);
  return { status, headers: answerHeaders(headers), body: tapped(chunks, tap) };
}

/** Sees what was passed on. */
interface Tap {
  chunk(bytes: Uint8Array): void;
  end(): void;
}

/** Reads along behind the bytes: none waits for it. */
async function* tapped(chunks: AsyncIterable<Uint8Array>, tap: Tap): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    tap.chunk(chunk);
  }
  tap.end();
}

function tapFor(response: Response, { dialect }: Endpoint, { note }: RelayContext): Tap {
  const { format } = dialect;
  const type = response.headers.get("content-type") ?? "";
  if (type.includes("text/event-stream")) {
    const parser = createSseParser();
    const decoder = format.createStreamDecoder();
    return {
      chunk(bytes) {
        for (const { data } of parser.push(bytes)) if (format.isTelling(data)) decoder.decode(data).forEach(note);
      },
      end: () => decoder.end().forEach(note),
    };
  }
  if (!type.includes("json")) return { chunk: () => undefined, end: () => undefined };
  return wholeTap((text) => {
    const body = parseJsonText(text);
    // Lists, files and counts are no answers of a model.
    if (format.isAnswer(body)) format.decodeResponse(body).forEach(note);
  });
}

function refusalTap(options: HttpApiOptions, endpoint: Endpoint, response: Response, { note }: RelayContext): Tap {
  return wholeTap((text) => note({ type: "error", error: refusalIn(options, endpoint, response, text) }));
}

/** Longer ones are passed on unread. */
const mostBytes = 16 * 1024 * 1024;

function wholeTap(read: (text: string) => void): Tap {
  const parts: Uint8Array[] = [];
  let length = 0;
  return {
    chunk(bytes) {
      length += bytes.byteLength;
      if (length <= mostBytes) parts.push(bytes);
    },
    end() {
      if (length <= mostBytes) read(new TextDecoder().decode(Buffer.concat(parts)));
    },
  };
}
