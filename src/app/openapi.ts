/** The OpenAPI document, for those who may not know the server. */
export { renderOpenApi } from "#server/openapi/document.ts";
