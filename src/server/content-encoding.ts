import * as zlib from "node:zlib";

import { GatewayError } from "#core/errors.ts";

import { bodyTooLarge } from "./too-large.ts";

interface Limit {
  readonly maxOutputLength: number;
}

type Unpack = (bytes: Uint8Array, limit: Limit, done: (error: Error | null, unpacked: Uint8Array) => void) => void;

/** Each stops at `maxOutputLength`, so a small body that unpacks to gigabytes costs no more than the limit. */
const unpackers: ReadonlyMap<string, Unpack> = new Map<string, Unpack>([
  ["gzip", zlib.gunzip],
  ["x-gzip", zlib.gunzip],
  ["deflate", zlib.inflate],
  ["br", zlib.brotliDecompress],
  ["zstd", zlib.zstdDecompress],
]);

/** More than one coding on a request has no use but to hide a bomb behind a bomb. */
const mostCodings = 2;

/**
 * The content codings in the order in which they must be undone. Throws GatewayError
 * `unsupported-media-type` for one we do not know.
 */
export function contentCodings(headers: Headers): readonly string[] {
  const said = headers.get("content-encoding");
  if (said === null) return [];
  const named = said
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  const codings = named.filter((name) => name !== "" && name !== "identity").toReversed();
  const unknown = codings.find((name) => !unpackers.has(name));
  if (unknown !== undefined || codings.length > mostCodings)
    throw new GatewayError("unsupported-media-type", "The Content-Encoding of the request is not supported.", {
      param: "Content-Encoding",
      hint: "Send the body as it is, or with gzip, deflate, br or zstd.",
    });
  return codings;
}

/** Throws GatewayError `request-too-large` beyond `maxBytes` of decoded body, `invalid-request` for broken data. */
export async function decodeContent(
  bytes: Uint8Array,
  codings: readonly string[],
  maxBytes: number,
): Promise<Uint8Array> {
  let decoded = bytes;
  for (const coding of codings) decoded = await undo(coding, decoded, maxBytes);
  return decoded;
}

async function undo(coding: string, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const unpack = unpackers.get(coding);
  if (unpack === undefined) throw new GatewayError("internal", "An unknown content coding got through.");
  try {
    return await new Promise((resolve, reject) => {
      unpack(bytes, { maxOutputLength: maxBytes }, (error, unpacked) =>
        error === null ? resolve(unpacked) : reject(error),
      );
    });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE")
      throw bodyTooLarge(maxBytes);
    throw new GatewayError("invalid-request", `The request body is not valid ${coding} data.`, { cause });
  }
}
