import { GatewayError } from "#core/errors.ts";

export function bodyTooLarge(maxBytes: number): GatewayError {
  return new GatewayError("request-too-large", `The request body is larger than ${megabytes(maxBytes)} MB.`, {
    hint: "Send less, or raise server.max_body_mb.",
  });
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 3 : 0);
}
