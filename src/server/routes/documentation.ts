import bundlePath from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };

import { indexPage, pageSecurityPolicy, swaggerPage, swaggerStart } from "#server/docs/page.ts";
import { textResponse } from "#server/json-response.ts";
import type { Route } from "#server/route.ts";
import { asset, html, javascript, page, stylesheet } from "#server/static.ts";

import stylePath from "swagger-ui-dist/swagger-ui.css" with { type: "file" };

/** The page's relative addresses start from `/swagger`, not from `/swagger/`. */
const swagger: Route["answer"] = ({ path }) =>
  path.endsWith("/")
    ? textResponse("", { status: 308, headers: { location: "../swagger" } })
    : html(swaggerPage, pageSecurityPolicy);

const document: Route["answer"] = async (_exchange, { openApi }) =>
  textResponse(await openApi(), { headers: { "content-type": "application/json" } });

export const documentationRoutes: readonly Route[] = [
  page("/", () => html(indexPage, pageSecurityPolicy), {
    operationId: "getIndex",
    summary: "Where to look",
    type: "text/html",
  }),
  page("/swagger", swagger, { operationId: "getDocumentation", summary: "This page", type: "text/html" }),
  page("/swagger/json", document, {
    operationId: "getOpenApi",
    summary: "This document as OpenAPI 3.1",
    type: "application/json",
  }),
  page("/openapi.json", document, {
    operationId: "getOpenApiFile",
    summary: "This document as OpenAPI 3.1, by its usual name",
    type: "application/json",
  }),
  asset({ path: "/swagger/start.js", type: javascript, content: new Blob([swaggerStart]) }),
  asset({ path: "/swagger/swagger-ui-bundle.js", type: javascript, content: Bun.file(bundlePath) }),
  asset({ path: "/swagger/swagger-ui.css", type: stylesheet, content: Bun.file(stylePath) }),
];
