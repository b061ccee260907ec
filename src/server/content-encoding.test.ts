import { expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

import { contentCodings, decodeContent } from "./content-encoding.ts";

const text = JSON.stringify({ text: "hello ".repeat(100) });
const bytes = new TextEncoder().encode(text);
const compressed: Record<string, Uint8Array> = {
  gzip: gzipSync(bytes),
  deflate: deflateSync(bytes),
  br: brotliCompressSync(bytes),
  zstd: zstdCompressSync(bytes),
};

async function kindOf(decoding: Promise<unknown>): Promise<unknown> {
  return await decoding.then(
    () => "decoded",
    (error: { kind: string }) => error.kind,
  );
}

test.each(Object.keys(compressed))("%s is undone", async (coding) => {
  const decoded = await decodeContent(compressed[coding] ?? bytes, [coding], 1000);
  expect(new TextDecoder().decode(decoded)).toBe(text);
});

test.each(Object.keys(compressed))("%s beyond the limit is too large, at the limit it is not", async (coding) => {
  const packed = compressed[coding] ?? bytes;
  expect(await kindOf(decodeContent(packed, [coding], bytes.length - 1))).toBe("request-too-large");
  expect(await kindOf(decodeContent(packed, [coding], bytes.length))).toBe("decoded");
});

test.each(Object.keys(compressed))("what is not %s is the client's fault", async (coding) => {
  expect(await kindOf(decodeContent(bytes, [coding], 1000))).toBe("invalid-request");
});

// Bun gives what there is of a zstd frame that was cut off; the JSON parser refuses that.
test.each(["gzip", "deflate", "br"])("%s that was cut off is the client's fault", async (coding) => {
  const packed = compressed[coding] ?? bytes;
  expect(await kindOf(decodeContent(packed.subarray(0, -6), [coding], 1000))).toBe("invalid-request");
});

test("codings are undone from the last to the first", async () => {
  const codings = contentCodings(new Headers({ "content-encoding": "GZIP, identity, zstd" }));
  expect(codings).toEqual(["zstd", "gzip"]);
  const packed = zstdCompressSync(gzipSync(bytes));
  expect(new TextDecoder().decode(await decodeContent(packed, codings, 1000))).toBe(text);
});

test.each(["compress", "gzip, snappy", "gzip, gzip, gzip"])("Content-Encoding: %s is not supported", (value) => {
  expect(() => contentCodings(new Headers({ "content-encoding": value }))).toThrow("not supported");
});
