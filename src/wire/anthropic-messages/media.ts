import type { DocumentPart, MediaSource, Part } from "#core/request.ts";
import { describeValue } from "#lib/schema-problem.ts";
import { withoutNullish } from "#lib/without-nullish.ts";

import { invalidField } from "./error.ts";
import type { ModelledBlock } from "./schema.ts";

type ImageBlock = Extract<ModelledBlock, { type: "image" }>;
type DocumentBlock = Extract<ModelledBlock, { type: "document" }>;

const imageTypes: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

export function decodeImage({ source }: ImageBlock, path: string): Part {
  if (source.type === "base64" && !imageTypes.has(source.media_type))
    throw invalidField(
      `${path}.source.media_type`,
      `expected "image/jpeg", "image/png", "image/gif" or "image/webp", got ${describeValue(source.media_type)}`,
    );
  return { type: "image", source: decodeSource(source, path) };
}

/** A document with citations or with blocks inside is kept whole: the canonical part has no room for them. */
export function decodeDocument(block: DocumentBlock, path: string): Part {
  const { source, title, context, citations } = block;
  const raw: Part = { type: "raw", wireFormat: "anthropic-messages", value: block };
  if (citations?.enabled === true) return raw;
  const described = withoutNullish({ title, context });
  const document = (decoded: DocumentPart["source"]): DocumentPart => ({
    type: "document",
    source: decoded,
    ...described,
  });
  switch (source.type) {
    case "text":
      return document({ type: "text", mediaType: source.media_type, text: source.data });
    case "content":
      return typeof source.content === "string"
        ? document({ type: "text", mediaType: "text/plain", text: source.content })
        : raw;
    default:
      return document(decodeSource(source, path));
  }
}

function decodeSource(source: ImageBlock["source"], path: string): MediaSource {
  switch (source.type) {
    case "base64":
      if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(source.data))
        throw invalidField(`${path}.source.data`, `expected base64, got ${describeValue(source.data)}`);
      return { type: "base64", mediaType: source.media_type, data: source.data };
    case "url":
      if (!/^https?:\/\//iu.test(source.url))
        throw invalidField(`${path}.source.url`, `expected an http(s) URL, got ${describeValue(source.url)}`);
      return { type: "url", url: source.url };
    case "file":
      return { type: "file", fileId: source.file_id };
  }
}
