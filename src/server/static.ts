import { textResponse } from "./json-response.ts";
import type { Operation } from "./openapi/operation.ts";
import { requestIdHeader } from "./openapi/parts.ts";
import type { Route } from "./route.ts";

export const javascript = "text/javascript; charset=utf-8";
export const stylesheet = "text/css; charset=utf-8";

export function html(text: string, securityPolicy: string): Response {
  return textResponse(text, {
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": securityPolicy },
  });
}

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly content: Blob;
}

/** A file that only one of our pages loads. */
export function asset({ path, type, content }: Asset): Route {
  const headers = { "content-type": type, "content-length": `${content.size}`, "cache-control": "max-age=3600" };
  return {
    method: "GET",
    path,
    open: true,
    prefixed: false,
    operation: undefined,
    answer: () => new Response(content, { headers }),
  };
}

/** Something to read, for everybody. */
export function page(
  path: string,
  answer: Route["answer"],
  operation: Pick<Operation, "operationId" | "summary"> & { readonly type: string },
): Route {
  const { operationId, summary, type } = operation;
  return {
    method: "GET",
    path,
    open: true,
    prefixed: false,
    answer,
    operation: {
      operationId,
      summary,
      tags: ["Documentation"],
      security: [],
      responses: {
        200: {
          description: summary,
          headers: requestIdHeader,
          content: { [type]: { schema: { type: type === "text/html" ? "string" : "object" } } },
        },
      },
    },
  };
}
