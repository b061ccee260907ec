/** The client's own id where it is fit for headers and logs, else a new one. */
export function requestIdOf(headers: Headers): string {
  const given = headers.get("x-request-id");
  return given !== null && isFitRequestId(headers) ? given : `req_${crypto.randomUUID().replaceAll("-", "")}`;
}

export function isFitRequestId(headers: Headers): boolean {
  return /^[\w.:+/=-]{1,128}$/.test(headers.get("x-request-id") ?? "");
}
