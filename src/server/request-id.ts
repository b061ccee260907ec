/**
 * The client's own id where it is fit for headers and logs, else a new one: those begin with the time, so that an index of
 * them grows at its end.
 */
export function requestIdOf(headers: Headers): string {
  const given = headers.get("x-request-id");
  return given !== null && isFitRequestId(headers) ? given : `req_${Bun.randomUUIDv7().replaceAll("-", "")}`;
}

export function isFitRequestId(headers: Headers): boolean {
  return /^[\w.:+/=-]{1,128}$/.test(headers.get("x-request-id") ?? "");
}
