import type { DocumentPart, ImagePart, Part } from "#core/request.ts";
import { type Base64Data, dataUrlForm, parseDataUrl } from "#lib/data-url.ts";
import { describeValue } from "#lib/schema-problem.ts";

import { invalidField } from "./error.ts";
import type { InputPart } from "./schema.ts";

type ImageInput = Extract<InputPart, { type: "input_image" }>;
type FileInput = Extract<InputPart, { type: "input_file" }>;

/** What the models read. `image/jpg` is no registered type, but what many clients send. */
const imageTypes: ReadonlyMap<string, string> = new Map([
  ["image/jpeg", "image/jpeg"],
  ["image/jpg", "image/jpeg"],
  ["image/png", "image/png"],
  ["image/gif", "image/gif"],
  ["image/webp", "image/webp"],
]);

const isHttp = (url: string): boolean => /^https?:\/\//iu.test(url);

export function decodeImage({ image_url: url, file_id: fileId }: ImageInput, path: string): ImagePart {
  if (typeof fileId === "string") return { type: "image", source: { type: "file", fileId } };
  if (typeof url !== "string") throw invalidField(path, "expected image_url or file_id, got neither");
  if (isHttp(url)) return { type: "image", source: { type: "url", url } };
  const { mediaType, data } = decodeDataUrl(url, `${path}.image_url`);
  const imageType = imageTypes.get(mediaType);
  if (imageType === undefined)
    throw invalidField(`${path}.image_url`, `expected a JPEG, PNG, GIF or WebP image, got ${describeValue(mediaType)}`);
  return { type: "image", source: { type: "base64", mediaType: imageType, data } };
}

export function decodeFile({ file_data, file_url, file_id, filename }: FileInput, path: string): Part {
  const title = filename === null || filename === undefined ? {} : { title: filename };
  if (typeof file_id === "string") return { type: "document", source: { type: "file", fileId: file_id }, ...title };
  if (typeof file_url === "string") {
    if (!isHttp(file_url))
      throw invalidField(`${path}.file_url`, `expected an http(s) URL, got ${describeValue(file_url)}`);
    return { type: "document", source: { type: "url", url: file_url }, ...title };
  }
  if (typeof file_data !== "string") throw invalidField(path, "expected file_data, file_url or file_id, got none");
  const decoded = decodeDataUrl(file_data, `${path}.file_data`);
  const imageType = imageTypes.get(decoded.mediaType);
  if (imageType !== undefined)
    return { type: "image", source: { type: "base64", mediaType: imageType, data: decoded.data } };
  return { type: "document", source: documentSource(decoded, `${path}.file_data`), ...title };
}

function documentSource({ mediaType, data }: Base64Data, path: string): DocumentPart["source"] {
  if (mediaType === "application/pdf") return { type: "base64", mediaType, data };
  if (mediaType.startsWith("text/") || mediaType === "application/json")
    return { type: "text", mediaType: "text/plain", text: Buffer.from(data, "base64").toString("utf8") };
  throw invalidField(path, `expected a PDF, a text or an image, got ${describeValue(mediaType)}`);
}

function decodeDataUrl(url: string, path: string): Base64Data {
  if (!/^data:/iu.test(url))
    throw invalidField(path, `expected an http(s) URL or a data URL, got ${describeValue(url)}`);
  const parsed = parseDataUrl(url);
  if (parsed === "no-form") throw invalidField(path, `expected a data URL of the form ${dataUrlForm}`);
  if (parsed === "no-base64")
    throw invalidField(path, `expected base64 after the comma, got ${describeValue(url.slice(url.indexOf(",") + 1))}`);
  return parsed;
}
