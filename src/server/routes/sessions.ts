import { GatewayError } from "#core/errors.ts";
import { jsonResponse } from "#server/json-response.ts";
import type { Operation, Parameter } from "#server/openapi/operation.ts";
import { errorResponses, json, requestIdHeader, requestIdParameter } from "#server/openapi/parts.ts";
import type { Route, RouteParams } from "#server/route.ts";
import { encodeSession, encodeSessionPage } from "#server/session-list.ts";

const longestPage = 1000;

const list: Route["answer"] = ({ principal, query }, { gateway }) => {
  const asked = query.get("limit") ?? "";
  const limit = /^[1-9]\d{0,3}$/.test(asked) ? Math.min(Number(asked), longestPage) : 100;
  const after = query.get("after_id") || undefined;
  if (after !== undefined && gateway.sessions.find({ principal, id: after }) === undefined) throw unknown(after);
  return jsonResponse(encodeSessionPage(gateway.sessions.list(principal, { limit, after })));
};

const one: Route["answer"] = ({ principal }, { gateway }, params) => {
  const id = idOf(params);
  const session = gateway.sessions.find({ principal, id });
  if (session === undefined) throw unknown(id);
  return jsonResponse(encodeSession(session));
};

const forget: Route["answer"] = ({ principal }, { gateway }, params) => {
  const id = idOf(params);
  if (!gateway.sessions.forget({ principal, id })) throw unknown(id);
  return jsonResponse({ id, object: "session", deleted: true });
};

const interrupt: Route["answer"] = ({ principal }, { gateway }, params) => {
  const id = idOf(params);
  const interrupted = gateway.sessions.interrupt({ principal, id });
  if (interrupted === undefined) throw unknown(id);
  return jsonResponse({ id, object: "session", interrupted });
};

function idOf(params: RouteParams): string {
  return params["id"] ?? "";
}

function unknown(id: string): GatewayError {
  return new GatewayError("not-found", `You have no session ${JSON.stringify(id.slice(0, 200))}.`, {
    hint: "GET /sessions lists yours.",
  });
}

const idParameter: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description: "The session's id, as you named it; percent-encoded.",
  schema: { type: "string" },
};

const pageParameters: readonly Parameter[] = [
  {
    name: "limit",
    in: "query",
    description: "Sessions on one page.",
    schema: { type: "integer", minimum: 1, maximum: longestPage, default: 100 },
  },
  { name: "after_id", in: "query", description: "Start after this session.", schema: { type: "string" } },
];

function route(
  method: Route["method"],
  path: string,
  answer: Route["answer"],
  operation: Omit<Operation, "tags">,
): Route {
  const parameters = [...(operation.parameters ?? [idParameter]), requestIdParameter];
  const documented: Operation = { ...operation, tags: ["Sessions"], parameters };
  return { method, path, open: false, prefixed: false, answer, operation: documented };
}

const failures = errorResponses("OpenAIError", [401, 403, 404, 500, 503]);

export const sessionRoutes: readonly Route[] = [
  route("GET", "/sessions", list, {
    operationId: "listSessions",
    summary: "Your sessions, last used first",
    parameters: pageParameters,
    responses: { 200: json("SessionList", "The sessions.", requestIdHeader), ...failures },
  }),
  route("GET", "/sessions/:id", one, {
    operationId: "getSession",
    summary: "One of them",
    responses: { 200: json("Session", "The session.", requestIdHeader), ...failures },
  }),
  route("DELETE", "/sessions/:id", forget, {
    operationId: "deleteSession",
    summary: "Stop what it does and forget it, with everything that was said",
    responses: { 200: json("SessionDeleted", "It is gone.", requestIdHeader), ...failures },
  }),
  route("POST", "/sessions/:id/interrupt", interrupt, {
    operationId: "interruptSession",
    summary: "Stop the turn it runs",
    description: "Whoever waits for the answer gets an error; the session goes on as if the turn had not been.",
    responses: { 200: json("SessionInterrupted", "How many turns were stopped.", requestIdHeader), ...failures },
  }),
];
