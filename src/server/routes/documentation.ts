import bundlePath from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };

import { indexPage, pageSecurityPolicy, swaggerPage, swaggerStart } from "#server/docs/page.ts";
import { textResponse } from "#server/json-response.ts";
import type { Operation } from "#server/openapi/operation.ts";
import { requestIdHeader } from "#server/openapi/parts.ts";
import type { Route } from "#server/route.ts";

import stylePath from "swagger-ui-dist/swagger-ui.css" with { type: "file" };

const script = "text/javascript; charset=utf-8";

function html(text: string): Response {
  return textResponse(text, {
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": pageSecurityPolicy },
  });
}

/** The page's relative addresses start from `/swagger`, not from `/swagger/`. */
const page: Route["answer"] = ({ path }) =>
  path.endsWith("/") ? textResponse("", { status: 308, headers: { location: "../swagger" } }) : html(swaggerPage);

const document: Route["answer"] = async (_exchange, { openApi }) =>
  textResponse(await openApi(), { headers: { "content-type": "application/json" } });

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly content: Blob;
}

function asset({ path, type, content }: Asset): Route {
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

function documented(
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

export const documentationRoutes: readonly Route[] = [
  documented("/", () => html(indexPage), { operationId: "getIndex", summary: "Where to look", type: "text/html" }),
  documented("/swagger", page, { operationId: "getDocumentation", summary: "This page", type: "text/html" }),
  documented("/swagger/json", document, {
    operationId: "getOpenApi",
    summary: "This document as OpenAPI 3.1",
    type: "application/json",
  }),
  documented("/openapi.json", document, {
    operationId: "getOpenApiFile",
    summary: "This document as OpenAPI 3.1, by its usual name",
    type: "application/json",
  }),
  asset({ path: "/swagger/start.js", type: script, content: new Blob([swaggerStart]) }),
  asset({ path: "/swagger/swagger-ui-bundle.js", type: script, content: Bun.file(bundlePath) }),
  asset({ path: "/swagger/swagger-ui.css", type: "text/css; charset=utf-8", content: Bun.file(stylePath) }),
];
