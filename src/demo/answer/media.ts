import type { Block, ChatMessage } from "#demo/request.ts";
import { blocksOf } from "#demo/request.ts";

/** One sentence piece for every image and document of the messages, in order; tool results included. */
export function describeMedia(messages: readonly ChatMessage[]): readonly string[] {
  return messages.flatMap((message) => mediaOf(blocksOf(message.content))).map(describe);
}

function mediaOf(blocks: readonly Block[]): readonly Block[] {
  return blocks.flatMap((block) => {
    if (block.type === "image" || block.type === "document") return [block];
    return block.type === "tool_result" ? mediaOf(blocksOf(block.content)) : [];
  });
}

function describe({ type, source, title }: Block): string {
  const name = typeof title === "string" ? ` "${title}"` : "";
  if (source === undefined || typeof source === "string") return `${type}${name} without a source`;
  const { media_type: mediaType, data, url, file_id: fileId } = source;
  if (source.type === "base64" && typeof data === "string") {
    const bytes = Buffer.from(data, "base64");
    return `${type}${name} ${String(mediaType)} of ${bytes.length} bytes, sha256 ${fingerprint(bytes)}`;
  }
  if (source.type === "text" && typeof data === "string")
    return `${type}${name} ${String(mediaType)} of ${Buffer.byteLength(data)} bytes, sha256 ${fingerprint(Buffer.from(data))}`;
  if (typeof url === "string") return `${type}${name} at ${url}`;
  return `${type}${name} ${source.type}${typeof fileId === "string" ? ` ${fileId}` : ""}`;
}

/** Whether this can be the `data` of an attachment which is not text. */
export function isBase64(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9+/]+={0,2}$/.test(value);
}

/** Enough of the hash to prove that the bytes arrived as they were sent. */
function fingerprint(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 12);
}
