interface JsonInit {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A whole JSON answer. Its length is set, so that the access log knows it without reading the body again. */
export function jsonResponse(value: unknown, { status = 200, headers = {} }: JsonInit = {}): Response {
  return textResponse(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } });
}

export function textResponse(text: string, { status = 200, headers = {} }: JsonInit = {}): Response {
  return new Response(text, { status, headers: { ...headers, "content-length": `${Buffer.byteLength(text)}` } });
}
