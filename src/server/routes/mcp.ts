import { approvalsOf } from "#server/approvals-of.ts";
import { errorResponses, eventStream, requestIdHeader, requestIdParameter, schemaRef } from "#server/openapi/parts.ts";
import { readJsonBody } from "#server/request-body.ts";
import type { Route } from "#server/route.ts";

const answer: Route["answer"] = async (exchange, services) => {
  const approvals = approvalsOf(services);
  const body = await readJsonBody(exchange, services.limits.maxBodyBytes);
  exchange.stayOpen();
  // The protocol's own package takes a while to load, and most servers never need it.
  const { answerMcp } = await import("#server/mcp.ts");
  return await answerMcp(exchange, { body, approvals, version: services.version });
};

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "example", version: "1" } },
};

const streamExample = `event: message
data: {"result":{"tools":[{"name":"check_permission"}]},"jsonrpc":"2.0","id":1}

`;

export const mcpRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/mcp",
    open: false,
    prefixed: false,
    answer,
    operation: {
      operationId: "callMcp",
      summary: "Approvals as an MCP tool server",
      description:
        "Streamable HTTP without sessions, with the tool `check_permission`, for a Claude Code started elsewhere: `--permission-prompt-tool mcp__ccproxy__check_permission`.",
      tags: ["Approvals"],
      parameters: [requestIdParameter],
      requestBody: {
        required: true,
        content: { "application/json": { schema: schemaRef("McpMessage"), example: initialize } },
      },
      responses: {
        200: {
          description: "The answers to the requests in the body.",
          headers: requestIdHeader,
          content: { "text/event-stream": eventStream("McpMessage", streamExample) },
        },
        202: { description: "There was nothing to answer.", headers: requestIdHeader },
        ...errorResponses("OpenAIError", [400, 401, 403, 404, 413, 503]),
      },
    },
  },
];
