import { approvalsOf } from "#server/approvals-of.ts";
import { jsonResponse } from "#server/json-response.ts";
import type { Operation, Parameter } from "#server/openapi/operation.ts";
import {
  errorResponses,
  eventStream,
  json,
  requestIdHeader,
  requestIdParameter,
  schemaRef,
} from "#server/openapi/parts.ts";
import { permissionStream } from "#server/permission-stream.ts";
import { decodeAnswer, encodePermission } from "#server/permissions.ts";
import { readJsonBody } from "#server/request-body.ts";
import type { Route, RouteParams } from "#server/route.ts";

const list: Route["answer"] = ({ principal }, services) => {
  const permissions = approvalsOf(services)
    .pending(principal)
    .map((approval) => encodePermission(approval));
  return jsonResponse({ permissions });
};

const one: Route["answer"] = ({ principal }, services, params) =>
  jsonResponse(encodePermission(approvalsOf(services).find(principal, idOf(params))));

const respond: Route["answer"] = async (exchange, services, params) => {
  const approvals = approvalsOf(services);
  const answer = decodeAnswer(await readJsonBody(exchange, services.limits.maxBodyBytes));
  const { id, status } = approvals.respond(exchange.principal, idOf(params), answer);
  return jsonResponse({ status: "success", permission_id: id, allowed: status === "allowed" });
};

const stream: Route["answer"] = (exchange, services) => {
  const approvals = approvalsOf(services);
  exchange.stayOpen();
  const attends = exchange.query.get("watch") !== "true";
  return permissionStream(exchange, { approvals, attends, heartbeatMs: services.limits.heartbeatMs });
};

function idOf(params: RouteParams): string {
  return params["id"] ?? "";
}

const idParameter: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description: "`request_id` of the permission request.",
  schema: { type: "string" },
};

const watchParameter: Parameter = {
  name: "watch",
  in: "query",
  description: "`true` only looks on: no call waits for this listener's word.",
  schema: { type: "string", enum: ["true", "false"] },
};

const streamExample = `event: ping
data: {"message":"Connected to permission stream"}

event: permission_resolved
data: {"type":"permission_resolved","request_id":"8f0f…","allowed":true,"status":"allowed","resolved_at":"2026-01-01T00:00:00.000Z"}

`;

function route(
  method: Route["method"],
  path: string,
  answer: Route["answer"],
  operation: Omit<Operation, "tags">,
): Route {
  const parameters = [...(operation.parameters ?? []), requestIdParameter];
  const documented: Operation = { ...operation, tags: ["Approvals"], parameters };
  return { method, path, open: false, prefixed: false, answer, operation: documented };
}

export const permissionRoutes: readonly Route[] = [
  route("GET", "/permissions", list, {
    operationId: "listPermissions",
    summary: "Tool calls that wait for an approval",
    description: "Whoever asks for them counts as an approval handler for the next ten seconds.",
    responses: {
      200: json("PermissionList", "The pending ones, oldest first.", requestIdHeader),
      ...errorResponses("OpenAIError", [401, 403, 404]),
    },
  }),
  route("GET", "/permissions/stream", stream, {
    operationId: "streamPermissions",
    summary: "Approvals as they come and are resolved",
    description:
      "Server-sent events: `ping`, `permission_request` (those that are pending first), `permission_resolved`, `permission_expired`.",
    parameters: [watchParameter],
    responses: {
      200: {
        description: "The events.",
        headers: requestIdHeader,
        content: { "text/event-stream": eventStream("PermissionEvent", streamExample) },
      },
      ...errorResponses("OpenAIError", [401, 403, 404, 503]),
    },
  }),
  route("GET", "/permissions/:id", one, {
    operationId: "getPermission",
    summary: "One of them, also for five minutes after it was resolved",
    parameters: [idParameter],
    responses: {
      200: json("Permission", "The permission request.", requestIdHeader),
      ...errorResponses("OpenAIError", [401, 403, 404]),
    },
  }),
  route("POST", "/permissions/:id/respond", respond, {
    operationId: "respondToPermission",
    summary: "Allow or deny it",
    parameters: [idParameter],
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: schemaRef("PermissionAnswer"),
          examples: {
            allow: { summary: "Allow it", value: { allowed: true } },
            deny: { summary: "Deny it, and say why", value: { allowed: false, message: "Use the test database." } },
            edit: { summary: "Allow it, changed", value: { allowed: true, updated_input: { command: "ls" } } },
          },
        },
      },
    },
    responses: {
      200: json("PermissionAnswered", "It is resolved.", requestIdHeader),
      ...errorResponses("OpenAIError", [400, 401, 403, 404, 409]),
    },
  }),
];
