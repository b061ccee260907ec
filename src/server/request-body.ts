import { GatewayError } from "#core/errors.ts";

import { contentCodings, decodeContent } from "./content-encoding.ts";
import type { Exchange } from "./exchange.ts";
import { parseJson } from "./json-body.ts";
import { bodyTooLarge } from "./too-large.ts";

/**
 * The request body as JSON, whatever its content type says (curl says form data). Throws GatewayError:
 * `request-too-large` (the limit holds for the body as sent and as unpacked), `unsupported-media-type`
 * or `invalid-request`.
 */
export async function readJsonBody(exchange: Exchange, maxBytes: number): Promise<unknown> {
  return (await readBody(exchange, maxBytes)).json;
}

export interface Body {
  /** As it was sent, unpacked. */
  readonly bytes: Uint8Array;
  readonly json: unknown;
}

/** The same with its bytes. */
export async function readBody(exchange: Exchange, maxBytes: number): Promise<Body> {
  const bytes = await readBytes(exchange, maxBytes);
  return { bytes, json: parseJson(decodeUtf8(bytes)) };
}

/** The request body, unpacked. Throws GatewayError as `readJsonBody` does, but for what is no JSON. */
export async function readBytes({ request, record }: Exchange, maxBytes: number): Promise<Uint8Array> {
  const codings = contentCodings(request.headers);
  const announced = request.headers.get("content-length");
  // A body that announces its size is refused before it is read, and Bun lets no more of it through.
  if (Number(announced ?? 0) > maxBytes) throw bodyTooLarge(maxBytes);
  const received = announced === null ? await collectBytes(request, maxBytes) : await request.bytes();
  record.set({ bytesIn: received.byteLength });
  return codings.length === 0 ? received : await decodeContent(received, codings, maxBytes);
}

async function collectBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) throw bodyTooLarge(maxBytes);
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GatewayError("invalid-request", "The request body is not UTF-8 text.", { cause });
  }
}
