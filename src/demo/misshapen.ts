import type { Quirk } from "./script/quirks.ts";

/** An error's body as some providers write it in place of the API's own; a string is a page of HTML. */
export function misshapenError(body: object, status: number, quirks: readonly Quirk[]): unknown {
  const message = messageIn(body);
  // Google's own form, which its OpenAI-compatible API lets through, in a list.
  if (quirks.includes("error-array")) return [{ error: { code: status, message, status: googleStatus(status) } }];
  if (quirks.includes("error-string")) return { error: message };
  if (quirks.includes("error-html"))
    return `<html><head><title>${status}</title></head><body>${message}</body></html>\n`;
  return body;
}

function messageIn(body: object): string {
  const error = "error" in body ? body.error : undefined;
  return typeof error === "object" && error !== null && "message" in error ? String(error.message) : "";
}

function googleStatus(status: number): string {
  const names: Readonly<Record<number, string>> = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
  };
  return names[status] ?? "INTERNAL";
}
