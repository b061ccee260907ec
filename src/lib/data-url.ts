export interface Base64Data {
  /** In lower case, without parameters. */
  readonly mediaType: string;
  readonly data: string;
}

export const dataUrlForm = "data:<media type>;base64,<data>";

/** `data:<media type>[;parameters];base64,<data>` (RFC 2397); a word for what is wrong with any other. */
export function parseDataUrl(url: string): Base64Data | "no-form" | "no-base64" {
  const comma = url.indexOf(",");
  const [mediaType = "", ...parameters] = url.slice("data:".length, comma).toLowerCase().split(";");
  if (comma === -1 || parameters.at(-1)?.trim() !== "base64") return "no-form";
  const data = url.slice(comma + 1);
  return /^[A-Za-z0-9+/]+={0,2}$/u.test(data) ? { mediaType: mediaType.trim(), data } : "no-base64";
}
